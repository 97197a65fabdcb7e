// The C functions on stores of external keys (include/csxapi/csxapi.h).
#include <algorithm>
#include <cstring>

#include "host-lib/csxapi/calls.h"
#include "host-lib/csxapi/handles.h"
#include "host-lib/include/csxapi/csxapi.h"
#include "host-lib/keystore/key_store.h"

namespace cs2sim::host::capi {
namespace {

using keystore::KeyStore;

NumberTable<KeyStore>& stores() {
    static NumberTable<KeyStore> table;
    return table;
}

// What is given to the caller and the bytes that it points to, in one piece of memory's life.
struct GivenKey {
    cs_keystore_key key{};  // first: its address is that of the whole
    Bytes label, id, blob;
};

template <std::size_t Size>
void put(char (&text)[Size], const std::string& value) {
    std::memcpy(text, value.c_str(), std::min(value.size(), Size - 1));
}

cs_keystore_key* give(keystore::StoredKey stored) {
    auto given = std::make_unique<GivenKey>();
    given->label = std::move(stored.label);
    given->id = std::move(stored.id);
    given->blob = std::move(stored.blob);
    cs_keystore_key& key = given->key;
    put(key.group, stored.index.group);
    put(key.name, stored.index.name);
    key.spec = stored.index.spec;
    key.version = stored.version;
    std::ranges::copy(stored.mbk, key.mbk);
    key.key_class = stored.key_class;
    key.key_type = stored.key_type;
    key.is_private = stored.is_private ? 1 : 0;
    const auto point = [](const Bytes& bytes, const unsigned char*& at, unsigned& length) {
        at = bytes.data();
        length = static_cast<unsigned>(bytes.size());
    };
    point(given->label, key.label, key.l_label);
    point(given->id, key.id, key.l_id);
    point(given->blob, key.blob, key.l_blob);
    return &given.release()->key;
}

keystore::KeyIndex index_of(const char* group, const char* name, unsigned spec) {
    return {group ? group : "", name ? name : "", spec};
}

// None when a text of the caller's has no end.
std::optional<keystore::StoredKey> taken(const cs_keystore_key* key) {
    if (!key || !std::memchr(key->group, 0, sizeof key->group) ||
        !std::memchr(key->name, 0, sizeof key->name))
        return std::nullopt;
    keystore::StoredKey stored;
    stored.index = index_of(key->group, key->name, key->spec);
    std::ranges::copy(key->mbk, stored.mbk.begin());
    stored.key_class = key->key_class;
    stored.key_type = key->key_type;
    stored.is_private = key->is_private != 0;
    stored.label = to_bytes(view(key->label, key->l_label));
    stored.id = to_bytes(view(key->id, key->l_id));
    stored.blob = to_bytes(view(key->blob, key->l_blob));
    return stored;
}

keystore::Filter filter_of(const cs_keystore_filter* asked) {
    keystore::Filter filter;
    if (!asked) return filter;
    if (asked->group) filter.group = asked->group;
    if (asked->name) filter.name = asked->name;
    if (asked->label) filter.label = to_bytes(view(asked->label, asked->l_label));
    if (asked->id) filter.id = to_bytes(view(asked->id, asked->l_id));
    if (asked->use_class) filter.key_class = asked->key_class;
    return filter;
}

// Runs `work` on the store of the handle.
template <class Work>
int with_store(int handle, Work&& work) {
    return guarded([&] {
        const auto store = stores().get(handle);
        return store ? code(work(*store)) : code(E_CSA_HANDLE);
    });
}

}  // namespace
}  // namespace cs2sim::host::capi

using namespace cs2sim;
using namespace cs2sim::host::capi;

extern "C" {

int cs_keystore_open(const char* url, int* handle) {
    if (!handle) return code(E_CSA_PARAM);
    *handle = -1;
    if (!url) return code(E_CSA_PARAM);
    return guarded([&] {
        const auto storage = keystore::parse_key_store_url(url);
        if (!storage) return code(storage);
        auto store = keystore::open_key_store(*storage);
        if (!store) return code(store);
        *handle = stores().put(std::move(*store));
        return 0;
    });
}

int cs_keystore_close(int handle) { return stores().take(handle) ? 0 : code(E_CSA_HANDLE); }

int cs_keystore_find(int handle, int match, const char* group, const char* name, unsigned int spec,
                     const cs_keystore_filter* filter, cs_keystore_key** key) {
    if (!key) return code(E_CSA_PARAM);
    *key = nullptr;
    if (match < CS_KEYSTORE_EQUAL || match > CS_KEYSTORE_GREATER) return code(E_CSA_PARAM);
    return with_store(handle, [&](KeyStore& store) -> Result<void> {
        CS2SIM_TRY_LET(found, store.find(index_of(group, name, spec), static_cast<keystore::Match>(match),
                                         filter_of(filter)));
        *key = give(std::move(found));
        return {};
    });
}

void cs_keystore_free_key(cs_keystore_key* key) { delete reinterpret_cast<GivenKey*>(key); }

int cs_keystore_insert(int handle, const cs_keystore_key* key) {
    return with_store(handle, [&](KeyStore& store) -> Result<keystore::Version> {
        const auto stored = taken(key);
        return stored ? store.insert(*stored) : fail(E_CSA_PARAM);
    });
}

int cs_keystore_update(int handle, const cs_keystore_key* key, unsigned long long version) {
    return with_store(handle, [&](KeyStore& store) -> Result<keystore::Version> {
        const auto stored = taken(key);
        return stored ? store.update(*stored, version) : fail(E_CSA_PARAM);
    });
}

int cs_keystore_delete(int handle, const char* group, const char* name, unsigned int spec,
                       unsigned long long version) {
    return with_store(handle, [&](KeyStore& store) {
        const std::optional<keystore::Version> expected =
            version == 0 ? std::nullopt : std::optional<keystore::Version>(version);
        return store.erase(index_of(group, name, spec), expected);
    });
}

int cs_keystore_reserve_specs(int handle, const char* group, unsigned int count, unsigned int* first) {
    if (!first || !group) return code(E_CSA_PARAM);
    return with_store(handle, [&](KeyStore& store) -> Result<void> {
        CS2SIM_TRY_LET(spec, store.reserve_specs(group, count));
        *first = spec;
        return {};
    });
}
}
