#include "firmware/container/container.h"

#include <openssl/core_names.h>

#include <algorithm>

#include "firmware/crypto/digest.h"

namespace cs2sim {
namespace {

// Offsets of sdk-facts.md, section 9, in the file.
constexpr std::size_t kMtcHeader = 24;
constexpr std::size_t kMmcHeader = 104;
constexpr std::size_t kImage = kMtcHeader + kMmcHeader;
constexpr std::size_t kSignatureHeader = 16;
constexpr std::size_t kKeyId = 5;
constexpr std::size_t kInfo = 60;
constexpr std::size_t kHash = 16;
constexpr std::size_t kMostSignature = 1024;  // RSA of 8192 bits

constexpr std::uint32_t kMtcVersion = 0x01000000;
constexpr std::uint32_t kMmcVersion = 0x01010000;
constexpr std::uint32_t kSignatureVersion = 0x01000000;
constexpr std::uint32_t kRsaSha512 = 0x01020100;

constexpr std::array<std::uint8_t, 8> kInfoTag{0xA3, 0x07, 0x55, 0x2E, 0xD3, 0x44, 0xD5, 0xBA};

std::uint32_t u32(ByteView bytes, std::size_t at) {
    return static_cast<std::uint32_t>(bytes[at]) << 24 | static_cast<std::uint32_t>(bytes[at + 1]) << 16 |
           static_cast<std::uint32_t>(bytes[at + 2]) << 8 | bytes[at + 3];
}

void put(Bytes& out, std::uint32_t number) { append_big_endian(out, number, 4); }

bool has_magic(ByteView bytes, std::size_t at, std::string_view magic) {
    return std::ranges::equal(bytes.subspan(at, magic.size()), as_bytes(magic));
}

// Up to the first zero, printable throughout.
bool read_text(ByteView field, std::string& out) {
    const auto end = std::ranges::find(field, std::uint8_t{0});
    out.assign(field.begin(), end);
    return std::ranges::all_of(out, [](unsigned char c) { return c >= 0x20 && c < 0x7F; });
}

// The 60 bytes: tag 8, abbreviation 12, id 4 (the number in its upper half, MDL_ID_TYP), version 4, name 32.
Result<ModuleInfo> parse_info(ByteView info) {
    ModuleInfo module;
    const bool texts =
        read_text(info.subspan(8, 12), module.abbreviation) && read_text(info.subspan(28, 32), module.name);
    const std::uint32_t id = u32(info, 20);
    module.id = static_cast<std::uint16_t>(id >> 16 != 0 ? id >> 16 : id);
    module.version = u32(info, 24);
    if (!std::ranges::equal(info.first(8), kInfoTag) || !texts || module.abbreviation.empty() ||
        module.id == 0)
        return fail(E_ADM_MMC_INFO);
    return module;
}

Result<ByteView> info_bytes(ByteView image) {
    const auto at = std::search(image.begin(), image.end(), kInfoTag.begin(), kInfoTag.end());
    if (image.end() - at < static_cast<std::ptrdiff_t>(kInfo)) return fail(E_ADM_MMC_INFO);
    return image.subspan(static_cast<std::size_t>(at - image.begin()), kInfo);
}

Bytes modulus_of(const EVP_PKEY& key) {
    BIGNUM* raw = nullptr;
    if (EVP_PKEY_get_bn_param(&key, OSSL_PKEY_PARAM_RSA_N, &raw) != 1) return {};
    const Handle<BIGNUM> modulus(raw);
    Bytes bytes(static_cast<std::size_t>(BN_num_bytes(raw)));
    BN_bn2bin(raw, bytes.data());
    return bytes;
}

Bytes key_id(const EVP_PKEY& key) {
    Bytes id = digest("SHA512", {modulus_of(key)});
    id.resize(kKeyId);
    return id;
}

Result<Bytes> sign_sha512(const EVP_PKEY& key, ByteView message) {
    const Handle<EVP_MD_CTX> context(EVP_MD_CTX_new());
    auto* pkey = const_cast<EVP_PKEY*>(&key);
    Bytes signature(kMostSignature);
    std::size_t size = signature.size();
    if (!context ||
        EVP_DigestSignInit_ex(context.get(), nullptr, "SHA512", nullptr, nullptr, pkey, nullptr) != 1 ||
        EVP_DigestSign(context.get(), signature.data(), &size, message.data(), message.size()) != 1)
        return fail(E_CSA_KEY_TYPE);
    signature.resize(size);
    return signature;
}

bool verify_sha512(const EVP_PKEY& key, ByteView message, ByteView signature) {
    const Handle<EVP_MD_CTX> context(EVP_MD_CTX_new());
    auto* pkey = const_cast<EVP_PKEY*>(&key);
    return context &&
           EVP_DigestVerifyInit_ex(context.get(), nullptr, "SHA512", nullptr, nullptr, pkey, nullptr) == 1 &&
           EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(),
                            message.size()) == 1;
}

// What is built for the processor of a card runs on none of ours.
bool runs_here(ByteView type) {
    return std::ranges::equal(type, kModuleLinux) || std::ranges::equal(type, kModuleScript);
}

struct Signed {
    ModuleInfo module;
    ByteView content, signature, key;  // of the file; `key` is the id of the one that signed
};

Result<void> find_signature(Signed& out, ByteView mmc, std::size_t image_size) {
    const ByteView block = mmc.subspan(kMmcHeader + image_size);
    if (block.size() < kSignatureHeader + kKeyId || !has_magic(block, 0, "SIG ") ||
        u32(block, 4) != kSignatureVersion || u32(block, 8) != kRsaSha512)
        return fail(E_ADM_SIGNATURE_BLOCK);
    const std::uint32_t size = u32(block, 12);
    if (size == 0 || size > kMostSignature || block.size() != kSignatureHeader + size + kKeyId)
        return fail(E_ADM_SIGNATURE_BLOCK);
    out.content = mmc.first(kMmcHeader + image_size);
    out.signature = block.subspan(kSignatureHeader, size);
    out.key = block.last(kKeyId);
    return {};
}

enum class Verdict : std::uint8_t { unknown_key, wrong, good };

Verdict verify(const Signed& container, std::span<const PublicKey> keys) {
    Verdict verdict = Verdict::unknown_key;
    for (const PublicKey& key : keys) {
        if (!std::ranges::equal(key_id(*key), container.key)) continue;
        if (verify_sha512(*key, container.content, container.signature)) return Verdict::good;
        verdict = Verdict::wrong;
    }
    return verdict;
}

// What the operating system says of a container in flash where ADM says something at its load. All other
// faults are of the module's own header.
struct StartRow {
    std::uint32_t at_load, at_start;
};
constexpr StartRow kAtStart[] = {
    {E_ADM_MTC_MAGIC, E_OS_MDL_MTC_INV},          {E_ADM_MTC_LENGTH, E_OS_MDL_MTC_INV},
    {E_ADM_MTC_VERSION, E_OS_MDL_MTC_INV},        {E_ADM_MMC_TYPE, E_OS_MDL_HW_TYPE},
    {E_ADM_MMC_HASH, E_OS_MDL_CORRUPT},           {E_ADM_SIGNATURE_BLOCK, E_OS_MDL_NO_MTC_SIG},
    {E_ADM_SIGNATURE, E_OS_MDL_MSC_VERIFY_FAILED}};

std::uint32_t code_at_start(std::uint32_t at_load) {
    const StartRow* const row = std::ranges::find(kAtStart, at_load, &StartRow::at_load);
    return row == std::end(kAtStart) ? E_OS_MDL_MMC_INV : row->at_start;
}

// All but the signature.
Result<Signed> read_container(ByteView file) {
    if (file.size() < kMtcHeader || !has_magic(file, 0, "MTCH")) return fail(E_ADM_MTC_MAGIC);
    if (u32(file, 4) != file.size() || file.size() % 4 != 0) return fail(E_ADM_MTC_LENGTH);
    // The word at 20 leads to a signature over the container itself, which nothing public describes.
    if (u32(file, 8) != kMtcVersion || u32(file, 12) != kRsaSha512 || u32(file, 20) != 0)
        return fail(E_ADM_MTC_VERSION);
    if (u32(file, 16) != kMtcHeader || file.size() < kImage || !has_magic(file, kMtcHeader, "MMCH"))
        return fail(E_ADM_MMC_MAGIC);
    const ByteView behind = file.subspan(kMtcHeader);
    const std::size_t mmc_size = u32(behind, 4);
    if (mmc_size > behind.size() || behind.size() - mmc_size > 3 || mmc_size < kMmcHeader)
        return fail(E_ADM_MMC_LENGTH);
    if (std::ranges::any_of(behind.subspan(mmc_size), [](std::uint8_t fill) { return fill != 0; }))
        return fail(E_ADM_MMC_LENGTH);
    const ByteView mmc = behind.first(mmc_size);
    if (u32(mmc, 8) != kMmcVersion) return fail(E_ADM_MMC_VERSION);
    const ByteView info = mmc.subspan(12, kInfo);
    auto module = parse_info(info);
    CS2SIM_TRY(module);
    if (!runs_here(mmc.subspan(92, 4))) return fail(E_ADM_MMC_TYPE);
    const std::size_t image_size = u32(mmc, 96);
    if (image_size > mmc_size - kMmcHeader || u32(mmc, 100) != kMmcHeader + image_size)
        return fail(E_ADM_MMC_LENGTH);
    const ByteView image = mmc.subspan(kMmcHeader, image_size);
    if (!std::ranges::equal(ByteView(digest("SHA512", {image})).first(kHash), mmc.subspan(72, kHash)))
        return fail(E_ADM_MMC_HASH);
    const auto inside = info_bytes(image);
    if (!inside || !std::ranges::equal(*inside, info)) return fail(E_ADM_MMC_INFO);
    Signed container{std::move(*module), {}, {}, {}};
    CS2SIM_TRY(find_signature(container, mmc, image_size));
    return container;
}

}  // namespace

Result<ModuleInfo> module_info(ByteView image) {
    CS2SIM_TRY_LET(info, info_bytes(image));
    return parse_info(info);
}

Result<Bytes> image_of_script(const ModuleInfo& info, ByteView text) {
    if (info.abbreviation.size() > 12 || info.name.size() > 32) return fail(E_ADM_MMC_INFO);
    Bytes image = to_bytes(kInfoTag);
    append(image, as_bytes(info.abbreviation));
    image.resize(20);
    put(image, info.id);
    put(image, info.version);
    append(image, as_bytes(info.name));
    image.resize(kInfo);
    CS2SIM_TRY(parse_info(image));
    append(image, text);
    return image;
}

Result<ByteView> text_of_image(ByteView image) {
    if (image.size() < kInfo || !std::ranges::equal(image.first(kInfoTag.size()), kInfoTag))
        return fail(E_ADM_MMC_INFO);
    ByteView text = image.subspan(kInfo);
    while (!text.empty() && text.back() == 0) text = text.first(text.size() - 1);
    return text;
}

Result<Bytes> make_container(ByteView linked, const ModuleType& type, const EVP_PKEY& signer) {
    if (!is_rsa(signer) || key_bits(signer) > 8 * kMostSignature) return fail(E_CSA_KEY_TYPE);
    CS2SIM_TRY_LET(info, info_bytes(linked));
    CS2SIM_TRY(parse_info(info));
    Bytes image = to_bytes(linked);
    image.resize((image.size() + 7) / 8 * 8);

    Bytes hash = digest("SHA512", {image});
    hash.resize(kHash);
    const std::size_t signature_size = (key_bits(signer) + 7) / 8;
    const std::size_t mmc_size = kMmcHeader + image.size() + kSignatureHeader + signature_size + kKeyId;
    const std::size_t file_size = (kMtcHeader + mmc_size + 3) / 4 * 4;

    Bytes mmc;
    append(mmc, as_bytes("MMCH"));
    put(mmc, static_cast<std::uint32_t>(mmc_size));
    put(mmc, kMmcVersion);
    append(mmc, info);
    append(mmc, hash);
    put(mmc, 0);
    append(mmc, type);
    put(mmc, static_cast<std::uint32_t>(image.size()));
    put(mmc, static_cast<std::uint32_t>(kMmcHeader + image.size()));
    append(mmc, image);
    CS2SIM_TRY_LET(signature, sign_sha512(signer, mmc));
    append(mmc, as_bytes("SIG "));
    put(mmc, kSignatureVersion);
    put(mmc, kRsaSha512);
    put(mmc, static_cast<std::uint32_t>(signature.size()));
    append(mmc, signature);
    append(mmc, key_id(signer));

    Bytes file;
    append(file, as_bytes("MTCH"));
    put(file, static_cast<std::uint32_t>(file_size));
    put(file, kMtcVersion);
    put(file, kRsaSha512);
    put(file, static_cast<std::uint32_t>(kMtcHeader));
    put(file, 0);
    append(file, mmc);
    file.resize(file_size);
    return file;
}

Result<ModuleInfo> check_container(ByteView file, std::span<const PublicKey> keys) {
    CS2SIM_TRY_LET(container, read_container(file));
    if (verify(container, keys) != Verdict::good) return fail(E_ADM_SIGNATURE);
    return std::move(container.module);
}

Result<ModuleInfo> check_stored_container(ByteView file, std::span<const PublicKey> keys) {
    auto container = read_container(file);
    if (!container) return fail(code_at_start(container.error().code));
    if (verify(*container, keys) == Verdict::wrong) return fail(code_at_start(E_ADM_SIGNATURE));
    return std::move(container->module);
}

Result<ByteView> container_image(ByteView file, const ModuleType& type) {
    if (file.size() < kImage || !has_magic(file, 0, "MTCH") || !has_magic(file, kMtcHeader, "MMCH"))
        return fail(E_OS_MDL_MTC_INV);
    const ByteView mmc = file.subspan(kMtcHeader);
    const std::size_t size = u32(mmc, 96);
    if (size > mmc.size() - kMmcHeader) return fail(E_OS_MDL_MTC_INV);
    if (!std::ranges::equal(mmc.subspan(92, 4), type)) return fail(E_OS_MDL_HW_TYPE);
    return mmc.subspan(kMmcHeader, size);
}

}  // namespace cs2sim
