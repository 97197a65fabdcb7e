// Vendor-defined mechanisms: keys checked and handed to the modules that know them.
//
// OUR ASSUMPTION: how a mechanism names its number (Mechanism::vendor()); such a mechanism works in one
// command; the bytes of secret keys are what T_VDM_KEY calls the private token.
#include "firmware/cmds/vendor_mechanism.h"
#include "firmware/cxi/access.h"
#include "firmware/cxi/cxi.h"
#include "firmware/cxi/handlers.h"

namespace cs2sim {
namespace {

VendorKey vendor_key(const LoadedKey& key) {
    VendorKey out;
    out.algorithm = key.object.algorithm();
    out.bits = key.object.bits();
    out.external = key.external;
    out.secret = key.pkey ? ByteView() : key.secret();
    out.pkey = key.pkey.get();
    out.is_public = key.object.is_public();
    out.public_data = key.object.properties.bytes(CXI_PROP_PUBLIC_VDM_DATA);
    return out;
}

// One that a callback makes: secret or custom.
Result<VendorKey> key_to_make(const PropertyList& properties) {
    const auto algorithm = properties.number(CXI_PROP_KEY_ALGO);
    if (!algorithm) return fail(E_CXI_PROP_NOT_FOUND);
    if (*algorithm > CXI_KEY_ALGO_AES && !is_custom_algorithm(*algorithm))
        return fail(E_CXI_KEY_INVALID_ALGO);
    VendorKey out;
    out.algorithm = *algorithm;
    out.bits = properties.number_or(CXI_PROP_KEY_SIZE, 0);
    return out;
}

Result<VendorResult> ask(CxiCall& call, const VendorJob& job) {
    if (!call.cxi.vendor_mechanisms) return fail(E_CXI_VDM_CB_NOT_REGISTERED);
    return call.cxi.vendor_mechanisms(call, job);
}

VendorJob job_of(const CxiCall& call, VendorWork work) {
    VendorJob job{};
    job.work = work;
    job.mechanism = Mechanism{call.request.u32("mechanism")}.vendor();
    return job;
}

Result<VendorResult> run(CxiCall& call, VendorWork work, Use use, ByteView signature) {
    if (call.request.bytes("data").size() > CXI_MOST_DATA) return fail(E_CXI_CRYPT_DATA_LEN);
    const SharedKey key = call.find("key");
    if (!key) return fail(E_CXI_INVALID_PARAM_LEN);
    VendorJob job = job_of(call, work);
    job.parameter = call.request.bytes("parameter");
    job.data = call.request.bytes("data");
    job.signature = signature;
    job.key = vendor_key(*key);
    CS2SIM_TRY(call.use(*key, use, {call.request.u32("mechanism")}, job.parameter));
    CS2SIM_TRY(call.note_uses());  // what the module does with the key nobody knows
    return ask(call, job);
}

}  // namespace

Result<Bytes> vendor_crypt(CxiCall& call) {
    const std::uint32_t flags = call.request.u32("flags");
    CS2SIM_TRY(check_flags(flags, CXI_FLAG_CRYPT_SINGLE_CALL));
    if (flags != CXI_FLAG_CRYPT_SINGLE_CALL) return fail(E_CXI_CRYPT_MECH);
    const bool encrypt = Mechanism{call.request.u32("mechanism")}.mode() == CXI_MECH_MODE_ENCRYPT;
    CS2SIM_TRY_LET(out, run(call, encrypt ? VendorWork::encrypt : VendorWork::decrypt,
                            encrypt ? USE_ENCRYPT : USE_DECRYPT, {}));
    return call.answer({0, ByteView(), ByteView(out.made)});
}

Result<Bytes> vendor_sign(CxiCall& call) {
    CS2SIM_TRY(check_flags(call.request.u32("flags"), 0));
    CS2SIM_TRY_LET(signature, run(call, VendorWork::sign, USE_SIGN, {}));
    return call.answer({ByteView(signature.made)});
}

Result<Bytes> vendor_verify(CxiCall& call) {
    CS2SIM_TRY(check_flags(call.request.u32("flags"), 0));
    CS2SIM_TRY(run(call, VendorWork::verify, USE_VERIFY, call.request.bytes("signature")));
    return call.answer({ByteView()});
}

// Without a key, whole: who digests in parts keeps them.
Result<Bytes> vendor_digest(CxiCall& call) {
    CS2SIM_TRY(check_flags(call.request.u32("flags"), 0));
    if (call.request.u32("state") != 0 || !call.request.bytes("key").empty()) return fail(E_CXI_CRYPT_MECH);
    if (call.request.bytes("data").size() > CXI_MOST_DATA) return fail(E_CXI_CRYPT_DATA_LEN);
    VendorJob job = job_of(call, VendorWork::digest);
    job.data = call.request.bytes("data");
    CS2SIM_TRY_LET(hash, ask(call, job));
    return call.answer({0, ByteView(hash.made)});
}

Result<VendorResult> vendor_generate(CxiCall& call, const PropertyList& properties) {
    VendorJob job = job_of(call, VendorWork::generate);
    CS2SIM_TRY_LET(key, key_to_make(properties));
    job.key = key;
    return ask(call, job);
}

Result<VendorResult> vendor_derive(CxiCall& call, const LoadedKey& base, const PropertyList& properties) {
    VendorJob job = job_of(call, VendorWork::derive);
    CS2SIM_TRY_LET(key, key_to_make(properties));
    job.key = vendor_key(base);
    job.second = key;
    job.parameter = call.request.bytes("data");
    return ask(call, job);
}

Result<VendorResult> vendor_wrap(CxiCall& call, const LoadedKey& wrapping, ByteView parameter,
                                 const LoadedKey& key) {
    VendorJob job = job_of(call, VendorWork::wrap);
    job.key = vendor_key(wrapping);
    job.second = vendor_key(key);
    job.parameter = parameter;
    return ask(call, job);
}

Result<VendorResult> vendor_unwrap(CxiCall& call, const LoadedKey& wrapping, ByteView parameter,
                                   ByteView wrapped, const PropertyList& properties) {
    VendorJob job = job_of(call, VendorWork::unwrap);
    CS2SIM_TRY_LET(key, key_to_make(properties));
    job.key = vendor_key(wrapping);
    job.second = key;
    job.parameter = parameter;
    job.data = wrapped;
    return ask(call, job);
}

// A module may have something of a custom key beside it; one that knows nothing of the key is no hindrance.
Result<void> vendor_destroy(CxiCall& call, const LoadedKey& key) {
    if (!is_custom_algorithm(key.object.algorithm())) return {};
    VendorJob job{};
    job.work = VendorWork::destroy;
    job.key = vendor_key(key);
    const auto done = ask(call, job);
    if (done || done.error().code == E_CXI_VDM_CB_NOT_REGISTERED ||
        done.error().code == E_CXI_VDM_MECH_NOT_HANDLED)
        return {};
    return fail(done.error());
}

Result<KeyObject> key_of_vendor(PropertyList properties, const VendorResult& made, const Circumstances& now) {
    if (!made.public_data.empty()) properties.set(CXI_PROP_PUBLIC_VDM_DATA, made.public_data);
    return key_from_material(std::move(properties), CXI_KEY_TYPE_SECRET, made.made, now);
}

}  // namespace cs2sim
