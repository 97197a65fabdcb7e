#include "tools/token/shell.h"

#include <dlfcn.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <filesystem>
#include <span>

#include "host-lib/files/host_file.h"
#include "host-lib/pkcs11/attributes.h"
#include "host-lib/pkcs11/cryptoki/names.h"
#include "host-lib/pkcs11/errors.h"
#include "host-lib/pkcs11/templates.h"

namespace cs2sim::tools::p11 {
namespace {

constexpr CK_ULONG kPage = 64;
constexpr std::size_t kMostPinFile = 4096;

// A library that cannot start mostly cannot read what the environment names.
void note_configuration() {
    for (const char* variable : {"CS_PKCS11_R3_CFG", "CS_PKCS11_R2_CFG"}) {
        const char* path = std::getenv(variable);
        if (!path || !*path) continue;
        const bool readable = ::access(path, R_OK) == 0;
        std::fprintf(stderr, "p11tool2: %s=%s: %s\n", variable, path,
                     readable ? "the library does not start with it" : std::strerror(errno));
    }
}

// An attribute that is a template: the library tells the array first, then each element's length, then what
// was made room for, a level of templates within templates at a time.
class TemplateRoom {
public:
    // Room for everything whose length is known since the last call; false: there was nothing. Not deeper
    // than our own library makes templates, whatever another one says.
    bool grow(std::span<CK_ATTRIBUTE> attributes, unsigned depth = 0) {
        bool grown = false;
        for (CK_ATTRIBUTE& each : attributes) {
            if (!each.pValue && each.ulValueLen != 0 && each.ulValueLen != CK_UNAVAILABLE_INFORMATION) {
                each.pValue = buffers_.emplace_back(each.ulValueLen).data();
                grown = true;
            } else if (is_template(each.type) && each.pValue && depth < cs2sim::p11::kMostTemplateDepth) {
                grown |= grow(elements(each), depth + 1);
            }
        }
        return grown;
    }
    static bool is_template(CK_ATTRIBUTE_TYPE type) {
        const auto* row = cs2sim::p11::find_attribute(type);
        return row && row->codec == cs2sim::p11::Codec::attributes;
    }
    static std::string text(const CK_ATTRIBUTE& array, unsigned depth = 1) {
        if (depth > cs2sim::p11::kMostTemplateDepth) return "{}";
        std::string all;
        for (const CK_ATTRIBUTE& each : elements(array)) {
            const ByteView value(static_cast<const std::uint8_t*>(each.pValue),
                                 each.pValue ? each.ulValueLen : 0);
            all += (all.empty() ? "" : ",") + cs2sim::p11::constant_name("CKA", each.type) + "=" +
                   (is_template(each.type) ? text(each, depth + 1) : value_text(each.type, value));
        }
        return "{" + all + "}";
    }

private:
    static std::span<CK_ATTRIBUTE> elements(const CK_ATTRIBUTE& array) {
        if (!array.pValue || array.ulValueLen == CK_UNAVAILABLE_INFORMATION) return {};
        return {static_cast<CK_ATTRIBUTE*>(array.pValue), array.ulValueLen / sizeof(CK_ATTRIBUTE)};
    }
    std::deque<SecretBytes> buffers_;
};

// Many codes become CKR_FUNCTION_REJECTED, and the session that knows which ends with the program.
void note_device_code(std::uint32_t code) {
    const ErrorRow* known = find_error(code);
    std::fflush(stdout);  // keeps the order when both go to one place
    std::fprintf(stderr, "p11tool2: device code %s%s%s\n", hex_code(code).c_str(), known ? ", " : "",
                 known ? std::string(known->text).c_str() : "");
}

bool same_bytes(const SecretBytes& a, const SecretBytes& b) { return equal_in_constant_time(a, b); }

}  // namespace

bool is_untold(Error error) {
    return error.code == CKR_ATTRIBUTE_TYPE_INVALID || error.code == CKR_ATTRIBUTE_SENSITIVE;
}

std::string own_library() {
    constexpr const char* kName = "libcs_pkcs11_R3.so";
    std::error_code error;
    const auto top = std::filesystem::read_symlink("/proc/self/exe", error).parent_path().parent_path();
    for (const char* folder : {CS2SIM_LIBDIR, "lib"})
        if (const auto path = top / folder / kName; std::filesystem::exists(path, error))
            return path.string();
    return kName;
}

std::string failure_text(std::uint32_t code) {
    if (cs2sim::p11::is_device_code(code)) return describe(code);
    char number[24];
    std::snprintf(number, sizeof number, "Error 0x%08X (", code);
    return number + cs2sim::p11::constant_name("CKR", code) + ")\n";
}

Shell::~Shell() {
    close_session();
    if (functions_) functions_->C_Finalize(nullptr);
    if (loaded_) ::dlclose(loaded_);
}

void Shell::close_session() {
    if (functions_ && session_ != CK_INVALID_HANDLE) functions_->C_CloseSession(session_);
    session_ = CK_INVALID_HANDLE;
}

void Shell::set_slot(CK_SLOT_ID slot) {
    if (slot != slot_) close_session();
    slot_ = slot;
}

Result<CK_FUNCTION_LIST*> Shell::functions() {
    if (functions_) return functions_;
    const std::string path = library.empty() ? own_library() : library;
    loaded_ = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!loaded_) {
        std::fprintf(stderr, "p11tool2: %s\n", ::dlerror());
        return fail(CKR_FUNCTION_FAILED);
    }
    const auto get = reinterpret_cast<CK_RV (*)(CK_FUNCTION_LIST**)>(::dlsym(loaded_, "C_GetFunctionList"));
    CK_FUNCTION_LIST* list = nullptr;
    if (!get || get(&list) != CKR_OK) return fail(CKR_FUNCTION_FAILED);
    CK_C_INITIALIZE_ARGS arguments{};
    arguments.flags = CKF_OS_LOCKING_OK;
    if (const auto ready = check(list->C_Initialize(&arguments)); !ready) {
        note_configuration();
        return fail(ready.error());
    }
    functions_ = list;
    return functions_;
}

Result<CS_FUNCTION_LIST*> Shell::vendor_functions() {
    CS2SIM_TRY(functions());
    const auto get =
        reinterpret_cast<CK_RV (*)(CS_FUNCTION_LIST**)>(::dlsym(loaded_, "CS_GetFunctionListCS"));
    CS_FUNCTION_LIST* vendor = nullptr;
    if (!get || get(&vendor) != CKR_OK) return fail(CKR_FUNCTION_NOT_SUPPORTED);
    return vendor;
}

Result<CK_SESSION_HANDLE> Shell::session() {
    CS2SIM_TRY_LET(list, functions());
    if (session_ == CK_INVALID_HANDLE)
        CS2SIM_TRY(check(
            list->C_OpenSession(slot_, CKF_SERIAL_SESSION | CKF_RW_SESSION, nullptr, nullptr, &session_)));
    return session_;
}

Result<void> Shell::check(CK_RV code) {
    if (code == CKR_OK) return {};
    CK_SESSION_INFO info{};
    const bool says_little = code == CKR_DEVICE_ERROR || code == CKR_FUNCTION_REJECTED;
    if (says_little && functions_ && session_ != CK_INVALID_HANDLE)
        static_cast<void>(functions_->C_GetSessionInfo(session_, &info));
    if (info.ulDeviceError != 0 && code == CKR_DEVICE_ERROR)
        return fail(static_cast<std::uint32_t>(info.ulDeviceError));
    if (info.ulDeviceError != 0) note_device_code(static_cast<std::uint32_t>(info.ulDeviceError));
    return fail(static_cast<std::uint32_t>(code));
}

Result<SecretBytes> Shell::pin(const std::string& text, const std::string& prompt, bool again) {
    if (text.starts_with("file:")) {
        auto content = host::read_host_input(text.substr(5), kMostPinFile);
        if (!content) return fail(E_CSA_PARAM);
        content->erase(std::ranges::find(*content, '\n'), content->end());
        return *std::move(content);
    }
    if (text != "ask") return to_secret(as_bytes(text));
    auto first = host::ask_secret(terminal_, "Enter " + prompt + ": ");
    if (!first || !again) return first;
    CS2SIM_TRY_LET(second, host::ask_secret(terminal_, "Repeat " + prompt + ": "));
    if (!same_bytes(*first, second)) return fail(E_PP_PIN_REPETITION);
    return first;
}

Result<void> Shell::login(CK_USER_TYPE user, SecretBytes secret) {
    CS2SIM_TRY_LET(open, session());
    return check(functions_->C_Login(open, user, secret.data(), secret.size()));
}

Result<void> Shell::login_device_user(const std::string& user, ByteView secret) {
    SecretBytes whole = to_secret(as_bytes(user + ","));
    whole.insert(whole.end(), secret.begin(), secret.end());
    return login(CKU_CS_GENERIC, std::move(whole));
}

Result<void> Shell::logout() {
    CS2SIM_TRY_LET(open, session());
    return check(functions_->C_Logout(open));
}

Result<void> Shell::init_token(SecretBytes so_pin, const std::string& text) {
    CS2SIM_TRY_LET(list, functions());
    std::array<CK_UTF8CHAR, 32> padded;
    padded.fill(' ');
    std::copy_n(text.begin(), std::min(text.size(), padded.size()), padded.begin());
    return check(list->C_InitToken(slot_, so_pin.data(), so_pin.size(), padded.data()));
}

Result<void> Shell::init_pin(SecretBytes pin) {
    CS2SIM_TRY_LET(open, session());
    return check(functions_->C_InitPIN(open, pin.data(), pin.size()));
}

Result<void> Shell::set_pin(SecretBytes before, SecretBytes after) {
    CS2SIM_TRY_LET(open, session());
    return check(functions_->C_SetPIN(open, before.data(), before.size(), after.data(), after.size()));
}

Result<void> Shell::for_each_object(const TemplateText& wanted,
                                    const std::function<Result<void>(CK_OBJECT_HANDLE)>& work) {
    CS2SIM_TRY_LET(open, session());
    std::vector<CK_ATTRIBUTE> attributes = wanted.attributes();
    CS2SIM_TRY(check(functions_->C_FindObjectsInit(open, attributes.data(), attributes.size())));
    Result<void> done;
    for (CK_ULONG count = kPage; done && count != 0;) {
        CK_OBJECT_HANDLE found[kPage];
        done = check(functions_->C_FindObjects(open, found, kPage, &count));
        for (CK_ULONG i = 0; done && i < count; ++i) done = work(found[i]);
    }
    functions_->C_FindObjectsFinal(open);
    return done;
}

Result<SecretBytes> Shell::attribute(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) {
    CS2SIM_TRY_LET(open, session());
    CK_ATTRIBUTE wanted{type, nullptr, 0};
    CS2SIM_TRY(check(functions_->C_GetAttributeValue(open, object, &wanted, 1)));
    SecretBytes out(wanted.ulValueLen);
    wanted.pValue = out.data();
    CS2SIM_TRY(check(functions_->C_GetAttributeValue(open, object, &wanted, 1)));
    return out;
}

Result<std::string> Shell::attribute_text(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) {
    if (!TemplateRoom::is_template(type)) {
        CS2SIM_TRY_LET(told, attribute(object, type));
        return value_text(type, told);
    }
    CS2SIM_TRY_LET(open, session());
    CK_ATTRIBUTE array{type, nullptr, 0};
    TemplateRoom room;
    do {
        CS2SIM_TRY(check(functions_->C_GetAttributeValue(open, object, &array, 1)));
    } while (room.grow({&array, 1}));
    return TemplateRoom::text(array);
}

Result<SecretBytes> Shell::value(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) {
    auto told = attribute(object, type);
    return !told && is_untold(told.error()) ? SecretBytes() : told;
}

}  // namespace cs2sim::tools::p11
