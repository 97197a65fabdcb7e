#include "host-lib/pkcs11/external_objects.h"

#include "host-lib/keystore/work/external_keys.h"
#include "host-lib/pkcs11/attributes.h"
#include "host-lib/pkcs11/external_store.h"
#include "host-lib/pkcs11/key_commands.h"

namespace cs2sim::p11 {
namespace {

constexpr std::size_t kPage = 128;
constexpr std::uint8_t kBlobMark = 0x4B;

Bytes reference_to(const keystore::StoredKey& row) {
    Bytes reference{CXI_TAG_EXTERNAL};
    append(reference, row.blob);
    return reference;
}

Object object_of(const Session& session, const keystore::StoredKey& row, PropertyList properties,
                 std::uint64_t epoch) {
    Object object;
    object.slot = session.token.slot;
    object.reference = reference_to(row);
    object.properties = std::move(properties);
    // The device makes it of group, name and specifier, which a key inside may have, too: CKA_UNIQUE_ID is
    // one's own.
    Bytes unique{kBlobMark};
    append(unique, object.properties.bytes(CXI_PROP_KEY_UNAME));
    object.properties.set(CXI_PROP_KEY_UNAME, unique);
    object.stored = StoredAt{row.index, row.version, std::make_shared<std::atomic<std::uint64_t>>(epoch)};
    return object;
}

// The row of an object that another host may have changed.
Result<SharedObject> read_again(Session& session, const SharedObject& object, std::uint64_t epoch,
                                CK_RV unknown) {
    ExternalStore& external = *session.token.external;
    CS2SIM_TRY_LET(store, external.store());
    const keystore::KeyIndex& index = object->stored->index;
    const auto gone = [&](const Error& error) -> Result<SharedObject> {
        if (error.code != E_DB_NOT_FOUND) {
            const auto still = external.failed(error);
            return still ? Result<SharedObject>(object) : fail(still.error());
        }
        session.library.objects.erase(object->handle);
        return fail(static_cast<std::uint32_t>(unknown));
    };
    const auto version = store->version_of(index);
    if (!version) return gone(version.error());
    if (*version == object->stored->version) {
        object->stored->seen->store(epoch);
        return object;
    }
    const auto row = store->find(index);
    if (!row) return gone(row.error());
    CS2SIM_TRY_LET(opened, keystore::open_keys(executed_by(session), {*row}, wanted_properties()));
    keystore::Opened& now = opened.front();
    if (now.code != 0) {
        external.report(index, now.code);
        return fail(now.code);
    }
    return session.library.objects.put(object_of(session, *row, std::move(now.properties), epoch));
}

// Whether another process may have changed an object on the device meanwhile.
bool may_be_old(const Object& object) {
    constexpr std::chrono::seconds kTrusted{1};
    return object.bare ||
           (object.is_token() && !object.stored && std::chrono::steady_clock::now() - object.read > kTrusted);
}

// By group and specifier, as a handle says it.
Bytes reference_by_number(const Session& session, CK_OBJECT_HANDLE handle) {
    PropertyList names;
    names.set(CXI_PROP_KEY_GROUP, session.token.group());
    names.set_number(CXI_PROP_KEY_SPEC, ObjectTable::number_in(handle).value_or(0));
    Bytes reference{CXI_TAG_NAME};
    append(reference, names.encode());
    return reference;
}

// The object with the properties that it has on the device now.
Result<SharedObject> read_on_device(Session& session, Object known, CK_RV unknown) {
    const auto gone = fail(static_cast<std::uint32_t>(unknown));
    const bool by_number = known.reference.empty();
    auto properties =
        read_properties(session, by_number ? reference_by_number(session, known.handle) : known.reference);
    if (!properties && properties.error().code == E_DB_NOT_FOUND) {
        session.library.objects.erase(known.handle);
        return gone;
    }
    // The handle of a private object has ended with the log-on.
    if (!properties && by_number && properties.error().code == E_CXI_PERMISSION_DENIED) return gone;
    CS2SIM_TRY(properties);
    if (by_number) {
        if (!properties->flag_or(CXI_PROP_TOKEN, true)) return gone;  // somebody's session object
        known.reference = {CXI_TAG_INDEX};
        append(known.reference, properties->bytes(CXI_PROP_KEY_UNAME));
    }
    auto whole = session.library.objects.make_whole(known, *std::move(properties));
    if (!whole) return gone;
    return whole;
}

}  // namespace

keystore::Execute executed_by(Session& session) {
    return [&session](std::uint16_t fc, std::uint8_t sfc, std::initializer_list<Value> values) {
        return session.execute(fc, sfc, values);
    };
}

Result<keystore::KeyStore*> key_store_of(Session& session) {
    if (!session.token.external) return nullptr;
    return session.token.external->store();
}

Result<SharedObject> object_in_use(Session& session, CK_OBJECT_HANDLE handle, CK_RV unknown) {
    auto object = session.library.objects.find(handle);
    if (!object || object->slot != session.token.slot) return fail(static_cast<std::uint32_t>(unknown));
    if (may_be_old(*object)) return read_on_device(session, *object, unknown);
    if (!object->stored || !session.token.external) return object;
    CS2SIM_TRY_LET(epoch, session.token.external->watch());
    if (object->stored->seen->load() == epoch || session.token.external->offline_by() != 0) return object;
    return read_again(session, object, epoch, unknown);
}

Result<std::vector<SharedObject>> keep_in_store(Session& session, std::vector<Made> made) {
    CS2SIM_TRY_LET(store, key_store_of(session));
    std::vector<keystore::StoredKey> rows;
    std::vector<PropertyList> properties;
    for (Made& one : made) {
        if (one.reference.empty() || one.reference[0] != CXI_TAG_EXTERNAL) return fail(E_CSA_PROTOCOL);
        CS2SIM_TRY_LET(read, properties_of(session, one));
        CS2SIM_TRY_LET(row, keystore::row_of(ByteView(one.reference).subspan(1), read));
        rows.push_back(std::move(row));
        properties.push_back(std::move(read));
    }
    if (const auto inserted = store->insert_all(rows); !inserted) {
        session.token.external->forget_specs(session.token.group());
        return fail(inserted.error());
    }
    std::vector<SharedObject> objects;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        rows[i].version = 1;
        objects.push_back(
            session.library.objects.put(object_of(session, rows[i], std::move(properties[i]), 0)));
    }
    return objects;
}

Answer change_in_store(Session& session, const Object& object, Bytes reference, PropertyList properties) {
    CS2SIM_TRY_LET(store, key_store_of(session));
    CS2SIM_TRY_LET(row, keystore::row_of(ByteView(reference).subspan(1), properties));
    const auto version = store->update(row, object.stored->version);
    if (!version) object.stored->seen->store(0);
    CS2SIM_TRY(version);
    row.version = *version;
    (void)session.library.objects.put(object_of(session, row, std::move(properties), 0));
    return {};
}

// The store is open to whoever uses it through us, so the device is asked whether these users may delete the
// key: it says who may not, and else that a sealed key is none of its own. Nothing is deleted by that.
Answer remove_from_store(Session& session, const Object& object) {
    const auto allowed = session.execute(FC_CXI, SFC_CXI_KEY_DELETE, {object.reference}, Effect::none);
    if (!allowed && allowed.error().code != E_CXI_INTERNAL_INPUT_ONLY) return fail(allowed.error());
    CS2SIM_TRY_LET(store, key_store_of(session));
    return store->erase(object.stored->index);
}

Result<StoredPage> list_stored(Session& session, const keystore::Filter& filter,
                               const std::optional<keystore::KeyIndex>& after) {
    ExternalStore& external = *session.token.external;
    CS2SIM_TRY_LET(epoch, external.watch());
    StoredPage page;
    page.offline_by = external.offline_by();
    if (page.offline_by != 0) {
        for (const SharedObject& object : session.library.objects.stored_of_slot(session.token.slot))
            page.objects.push_back(*object);
        return page;
    }
    CS2SIM_TRY_LET(store, external.store());
    CS2SIM_TRY_LET(rows, store->list(filter, after ? &*after : nullptr, kPage, true));
    page.after = rows.last;
    page.more = rows.more && page.after;
    for (std::size_t from = 0; from < rows.keys.size();) {
        const std::size_t count = keystore::fit_one_command(rows.keys, from);
        const auto first = rows.keys.begin() + static_cast<std::ptrdiff_t>(from);
        const std::vector<keystore::StoredKey> batch(first, first + static_cast<std::ptrdiff_t>(count));
        CS2SIM_TRY_LET(opened, keystore::open_keys(executed_by(session), batch, wanted_properties()));
        for (std::size_t i = 0; i < count; ++i) {
            const std::uint32_t code = opened[i].code;
            if (code == 0)
                page.objects.push_back(object_of(session, batch[i], std::move(opened[i].properties), epoch));
            else if (code != E_CXI_PERMISSION_DENIED)
                external.report(batch[i].index, code);
        }
        from += count;
    }
    return page;
}

}  // namespace cs2sim::p11
