#include "host-lib/pkcs11/new_objects.h"

#include <algorithm>

#include "firmware/crypto/digest.h"
#include "firmware/crypto/pkey.h"
#include "host-lib/pkcs11/domain_parameters.h"
#include "host-lib/pkcs11/external_objects.h"
#include "host-lib/pkcs11/key_commands.h"

namespace cs2sim::p11 {
namespace {

// Key types that CXI has no algorithm of their own for are remembered beside it.
void describe_key(PropertyList& properties, CK_KEY_TYPE type, CK_MECHANISM_TYPE made_by) {
    properties.set_number(CXI_PROP_KEY_ALGO, algorithm_of(type).value_or(CXI_KEY_ALGO_RAW));
    const bool own_algorithm = type <= CKK_EC || type == CKK_AES || type == CKK_GENERIC_SECRET ||
                               type == CKK_EC_EDWARDS || type == CKK_EC_MONTGOMERY || type == CKK_DES2 ||
                               type == CKK_DES3;
    Bytes number;
    append_big_endian(number, type, 8);
    if (!own_algorithm) properties.set(CXI_PROP_CUSTOM | CKA_KEY_TYPE, number);
    number.clear();
    append_big_endian(number, made_by, 8);
    properties.set(CXI_PROP_CUSTOM | CKA_KEY_GEN_MECHANISM, number);
}

// Public session objects need no log-on, others do (PKCS#11 3.0, section 4.4).
Answer may_make(const Session& session, const PropertyList& properties, bool token) {
    if (!session.token.sees_private() && !session.token.so_logged_on() &&
        (token || properties.flag_or(CXI_PROP_PRIVATE, true)))
        return fail(CKR_USER_NOT_LOGGED_IN);
    return {};
}

// Of a certificate: the first bytes of its SHA-1 (PKCS#11 3.0, section 4.6.2); an empty one stays empty.
Answer set_check_value(const Template& given, PropertyList& properties) {
    const Bytes hash = digest("SHA1", {given.bytes(CKA_VALUE)});
    const ByteView own = ByteView(hash).first(3), told = given.bytes(CKA_CHECK_VALUE);
    if (!told.empty() && !std::ranges::equal(told, own)) return fail(CKR_ATTRIBUTE_VALUE_INVALID);
    properties.set(CXI_PROP_CUSTOM | CKA_CHECK_VALUE, given.has(CKA_CHECK_VALUE) ? told : own);
    return {};
}

Result<SharedObject> create_storage(Session& session, const Template& given, CK_OBJECT_CLASS object_class) {
    CS2SIM_TRY_LET(properties, new_properties(given, object_class, 0, Making::create, maker_of(session)));
    const bool certificate = object_class == CKO_CERTIFICATE;
    if (certificate && !given.has(CKA_CERTIFICATE_TYPE)) return fail(CKR_TEMPLATE_INCOMPLETE);
    if (certificate && given.number(CKA_CERTIFICATE_TYPE) != CKC_X_509)
        return fail(CKR_ATTRIBUTE_VALUE_INVALID);
    if (certificate && !given.has(CKA_VALUE)) return fail(CKR_TEMPLATE_INCOMPLETE);
    if (certificate) CS2SIM_TRY(set_check_value(given, properties));
    properties.set_number(CXI_PROP_KEY_TYPE, *type_of_class(object_class));
    properties.set(CXI_PROP_VALUE, given.bytes(CKA_VALUE));
    if (object_class == CKO_DOMAIN_PARAMETERS) CS2SIM_TRY(describe_domain(given, properties));
    CS2SIM_TRY(may_make(session, properties, given.flag(CKA_TOKEN, false)));
    return make_object(session, given.flag(CKA_TOKEN, false), std::move(properties),
                       [&](std::uint32_t flags, const Bytes& encoded) {
                           return session.execute(FC_CXI, SFC_CXI_OBJ_CREATE, {flags, encoded});
                       });
}

// The key in the form that CXI imports.
Result<SecretBytes> material_of(const Template& given, CK_OBJECT_CLASS object_class, CK_KEY_TYPE type) {
    if (object_class == CKO_PRIVATE_KEY) return private_key_of(given, type);
    if (object_class == CKO_PUBLIC_KEY) {
        CS2SIM_TRY_LET(key, public_key_of(given, type));
        return to_secret(key);
    }
    if (!given.has(CKA_VALUE)) return fail(CKR_TEMPLATE_INCOMPLETE);
    return to_secret(given.bytes(CKA_VALUE));
}

// A pair whose halves go to different places: the public one is taken out and put where it belongs.
Result<SharedObject> move_public(Session& session, ByteView private_key, const PropertyList& properties,
                                 bool token) {
    CS2SIM_TRY_LET(exported, session.execute(FC_CXI, SFC_CXI_KEY_EXPORT,
                                             {+CXI_KEY_TYPE_PUBLIC, 0, private_key, ByteView(), ByteView()}));
    return import_key(session, token, CXI_KEY_TYPE_PUBLIC, properties, exported.block.bytes("blob"));
}

// The public and the private key out of the answer of KEY_PAIR_GEN.
Result<std::pair<Made, Made>> halves_of(const Block& answer) {
    ByteView list = answer.bytes("properties");
    const auto next = [&](ByteView reference) -> Result<Made> {
        if (list.empty()) return made_of(reference, {});
        CS2SIM_TRY_LET(entry, parse_prefix(LAYOUT_CXI_BULK_ENTRY, list));
        return made_of(reference, entry.bytes("entry"));
    };
    CS2SIM_TRY_LET(of_public, next(answer.bytes("public")));
    CS2SIM_TRY_LET(of_private, next(answer.bytes("private")));
    return std::pair{std::move(of_public), std::move(of_private)};
}

// A check value in a template is compared by the device.
bool is_check_value_error(const Template& given, std::uint32_t code) {
    return !given.bytes(CKA_CHECK_VALUE).empty() &&
           (code == E_CXI_PROP_COMPARE || code == E_CXI_SECURE_PROP_CHECK_VALUE);
}

}  // namespace

std::optional<std::uint32_t> algorithm_of(CK_KEY_TYPE type) {
    switch (type) {
        case CKK_RSA:
            return CXI_KEY_ALGO_RSA;
        case CKK_EC:
        case CKK_EC_EDWARDS:
            return CXI_KEY_ALGO_EC;
        case CKK_EC_MONTGOMERY:
            return CXI_KEY_ALGO_ECDH;
        case CKK_DSA:
            return CXI_KEY_ALGO_DSA;
        case CKK_DH:
            return CXI_KEY_ALGO_DH_PKCS;
        case CKK_AES:
            return CXI_KEY_ALGO_AES;
        case CKK_DES2:
        case CKK_DES3:
            return CXI_KEY_ALGO_DES;
        default:
            if (takes(KeyKind::generic, type)) return CXI_KEY_ALGO_RAW;
            return std::nullopt;
    }
}

Result<Template> given_template(Session& session, const CK_ATTRIBUTE* attributes, CK_ULONG count) {
    return Template::read(attributes, count, session.token.profile()->all_attributes);
}

Maker maker_of(Session& session) {
    return {session.token.so_logged_on(), session.token.profile()->certified()};
}

Result<SharedObject> finish_key(Session& session, const Template& given, Result<SharedObject> made) {
    if (!made && is_check_value_error(given, made.error().code)) return fail(CKR_ATTRIBUTE_VALUE_INVALID);
    CS2SIM_TRY(made);
    if (const auto kept = check_guards(given, (*made)->properties); !kept) {
        (void)remove_object(session, **made);
        return fail(kept.error());
    }
    return made;
}

Result<SharedObject> create_object(Session& session, const Template& given) {
    const auto object_class = given.number(CKA_CLASS);
    if (!object_class) return fail(CKR_TEMPLATE_INCOMPLETE);
    const std::uint8_t bit = class_bit(*object_class);
    if (bit == 0) return fail(CKR_ATTRIBUTE_VALUE_INVALID);
    if ((bit & CLASS_KEYS) == 0) return create_storage(session, given, *object_class);
    const auto type = given.number(CKA_KEY_TYPE);
    if (!type) return fail(CKR_TEMPLATE_INCOMPLETE);
    const bool secret = *object_class == CKO_SECRET_KEY;
    const auto algorithm = algorithm_of(*type);
    if (!algorithm || secret != (*algorithm <= CXI_KEY_ALGO_AES)) return fail(CKR_ATTRIBUTE_VALUE_INVALID);
    CS2SIM_TRY_LET(properties,
                   new_properties(given, *object_class, *type, Making::create, maker_of(session)));
    describe_key(properties, *type, CK_UNAVAILABLE_INFORMATION);
    const bool token = given.flag(CKA_TOKEN, false);
    CS2SIM_TRY(may_make(session, properties, token));
    CS2SIM_TRY_LET(material, material_of(given, *object_class, *type));
    properties.erase(CXI_PROP_KEY_EC_CURVE);  // the key itself says
    auto made = import_key(session, token, *type_of_class(*object_class), std::move(properties), material);
    if (!made && is_check_value_error(given, made.error().code)) return fail(CKR_ATTRIBUTE_VALUE_INVALID);
    return made;
}

Result<SharedObject> generate_key(Session& session, const Prepared& prepared, const Template& given) {
    const MechanismRow& row = *prepared.row;
    const MadeKey made = made_key(row.keys);
    const bool told = row.keys == KeyKind::generic || row.keys == KeyKind::any;
    const CK_KEY_TYPE type = told ? given.number(CKA_KEY_TYPE).value_or(made.type) : made.type;
    if (!takes(row.keys, type)) return fail(CKR_TEMPLATE_INCONSISTENT);
    CS2SIM_TRY_LET(properties,
                   new_properties(given, CKO_SECRET_KEY, type, Making::generate, maker_of(session)));
    describe_key(properties, type, prepared.type);
    const auto length = given.number(CKA_VALUE_LEN);
    if (made.bits == 0 && !length) return fail(CKR_TEMPLATE_INCOMPLETE);
    if (made.bits != 0 && length && *length * 8 != made.bits) return fail(CKR_TEMPLATE_INCONSISTENT);
    if (length && *length > 0x10000) return fail(CKR_KEY_SIZE_RANGE);
    properties.set_number(CXI_PROP_KEY_SIZE,
                          made.bits != 0 ? made.bits : static_cast<std::uint32_t>(*length * 8));
    const bool token = given.flag(CKA_TOKEN, false);
    CS2SIM_TRY(may_make(session, properties, token));
    return make_object(session, token, std::move(properties), [&](std::uint32_t flags, const Bytes& encoded) {
        return session.execute(FC_CXI, SFC_CXI_KEY_GENERATE, {flags, prepared.cxi, encoded});
    });
}

Result<ObjectPair> generate_pair(Session& session, const MechanismRow& row, const Template& of_public,
                                 const Template& of_private) {
    const MadeKey made = made_key(row.keys);
    const Maker maker = maker_of(session);
    CS2SIM_TRY_LET(publics, new_properties(of_public, CKO_PUBLIC_KEY, made.type, Making::generate, maker));
    CS2SIM_TRY_LET(privates, new_properties(of_private, CKO_PRIVATE_KEY, made.type, Making::generate, maker));
    if (made.type == CKK_RSA) {
        const auto bits = of_public.number(CKA_MODULUS_BITS);
        if (!bits) return fail(CKR_TEMPLATE_INCOMPLETE);
        privates.set_number(CXI_PROP_KEY_SIZE, static_cast<std::uint32_t>(std::min<CK_ULONG>(*bits, 0xFFFF)));
        if (of_public.has(CKA_PUBLIC_EXPONENT))
            privates.set(CXI_PROP_KEY_RSA_EXP, of_public.bytes(CKA_PUBLIC_EXPONENT));
        publics.erase(CXI_PROP_KEY_RSA_EXP);
    } else if (made.type == CKK_DSA || made.type == CKK_DH) {
        if (!of_public.has(CKA_PRIME) || !of_public.has(CKA_BASE) ||
            (made.type == CKK_DSA && !of_public.has(CKA_SUBPRIME)))
            return fail(CKR_TEMPLATE_INCOMPLETE);
        const auto least = of_private.number(CKA_VALUE_BITS);
        if (least && *least > of_public.bytes(CKA_PRIME).size() * 8) return fail(CKR_ATTRIBUTE_VALUE_INVALID);
    } else {
        if (!of_public.has(CKA_EC_PARAMS)) return fail(CKR_TEMPLATE_INCOMPLETE);
        privates.set(CXI_PROP_KEY_EC_CURVE, publics.bytes(CXI_PROP_KEY_EC_CURVE));
        publics.erase(CXI_PROP_KEY_EC_CURVE);
    }
    for (PropertyList* each : {&publics, &privates}) describe_key(*each, made.type, row.type);
    const bool public_token = of_public.flag(CKA_TOKEN, false),
               private_token = of_private.flag(CKA_TOKEN, false);
    CS2SIM_TRY(may_make(session, privates, private_token));
    CS2SIM_TRY(may_make(session, publics, public_token));
    CS2SIM_TRY_LET(where, placement(session, private_token, 2));
    if (public_token != private_token) CS2SIM_TRY(placement(session, public_token));

    PropertyList placed_public = publics;
    place(session, where, privates);  // the first gets the lower specifier, as on the device
    place(session, where, placed_public);
    Made public_half;
    auto private_half = make_at(session, where, [&](std::uint32_t flags) -> Result<Made> {
        const auto answer = session.execute(FC_CXI, SFC_CXI_KEY_PAIR_GEN,
                                            {flags, row.cxi, placed_public.encode(), privates.encode()});
        CS2SIM_TRY(answer);
        CS2SIM_TRY_LET(halves, halves_of(answer->block));
        public_half = std::move(halves.first);
        return std::move(halves.second);
    });
    CS2SIM_TRY(private_half);
    ObjectPair pair;
    if (where.stored && public_token) {
        CS2SIM_TRY_LET(kept, keep_in_store(session, {std::move(public_half), *std::move(private_half)}));
        return ObjectPair{std::move(kept[0]), std::move(kept[1])};
    }
    if (public_token == private_token) {
        CS2SIM_TRY_LET(adopted, adopt(session, where, std::move(public_half)));
        pair.of_public = adopted;
    } else {
        CS2SIM_TRY_LET(moved, move_public(session, private_half->reference, publics, public_token));
        pair.of_public = moved;
        if (public_half.reference[0] != CXI_TAG_EXTERNAL)
            (void)session.execute(FC_CXI, SFC_CXI_KEY_DELETE, {public_half.reference});
    }
    CS2SIM_TRY_LET(adopted, adopt(session, where, *std::move(private_half)));
    pair.of_private = adopted;
    return pair;
}

Result<Wanted> wanted_key(Session& session, const Template& given, Making how, CK_MECHANISM_TYPE mechanism) {
    const CK_OBJECT_CLASS object_class = given.number(CKA_CLASS).value_or(CKO_SECRET_KEY);
    if (object_class != CKO_SECRET_KEY && object_class != CKO_PRIVATE_KEY)
        return fail(CKR_TEMPLATE_INCONSISTENT);
    if (object_class == CKO_PRIVATE_KEY && how != Making::unwrap) return fail(CKR_TEMPLATE_INCONSISTENT);
    const auto type = given.number(CKA_KEY_TYPE);
    if (!type) return fail(CKR_TEMPLATE_INCOMPLETE);
    const auto algorithm = algorithm_of(*type);
    if (!algorithm || (object_class == CKO_SECRET_KEY) != (*algorithm <= CXI_KEY_ALGO_AES))
        return fail(CKR_TEMPLATE_INCONSISTENT);
    CS2SIM_TRY_LET(properties, new_properties(given, object_class, *type, how, maker_of(session)));
    describe_key(properties, *type, mechanism);
    properties.set_number(CXI_PROP_KEY_TYPE, *type_of_class(object_class));
    std::optional<std::uint32_t> bits;
    if (*type == CKK_DES2) bits = 128;
    if (*type == CKK_DES3) bits = 192;
    if (const auto length = given.number(CKA_VALUE_LEN)) {
        if (*length > 1024 || (bits && *length * 8 != *bits)) return fail(CKR_TEMPLATE_INCONSISTENT);
        bits = static_cast<std::uint32_t>(*length * 8);
    }
    if (bits) properties.set_number(CXI_PROP_KEY_SIZE, *bits);
    const bool token = given.flag(CKA_TOKEN, false);
    CS2SIM_TRY(may_make(session, properties, token));
    return Wanted{object_class, std::move(properties), token};
}

}  // namespace cs2sim::p11
