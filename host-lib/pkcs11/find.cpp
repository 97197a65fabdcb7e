#include "host-lib/pkcs11/find.h"

#include <algorithm>

#include "firmware/protocol/cxi/key_page.h"
#include "host-lib/pkcs11/external_objects.h"
#include "host-lib/pkcs11/library.h"

namespace cs2sim::p11 {
namespace {

constexpr std::uint32_t kPage = 256;

// The attributes by which the device itself finds; the rest is compared here.
constexpr CK_ATTRIBUTE_TYPE kOnDevice[] = {CKA_LABEL, CKA_ID};

PropertyList device_filter(Session& session, const Template& wanted) {
    PropertyList filter;
    filter.set(CXI_PROP_KEY_GROUP, session.token.group());
    for (const CK_ATTRIBUTE_TYPE type : kOnDevice)
        if (wanted.has(type) && !wanted.bytes(type).empty())
            filter.set(find_attribute(type)->property, wanted.bytes(type));
    if (const auto object_class = wanted.number(CKA_CLASS))
        if (const auto type = type_of_class(*object_class)) filter.set_number(CXI_PROP_KEY_TYPE, *type);
    return filter;
}

// Whether the application may see an object: without a log-on those with PRIVATE = false (PKCS#11 3.0,
// section 4.4).
bool visible(const Session& session, const PropertyList& properties) {
    return session.token.sees_private() || !properties.flag_or(CXI_PROP_PRIVATE, true);
}

Result<void> next_device_page(Session& session, Search& search) {
    const auto answer =
        session.execute(FC_CXI, SFC_CXI_KEY_LIST, {search.filter, wanted_properties(), search.cursor, kPage});
    if (!answer) {
        // Who is not logged on sees nothing; a token that nobody set up has nothing.
        search.device_done = true;
        if (answer.error().code == E_CXI_PERMISSION_DENIED) return {};
        return fail(answer.error());
    }
    CS2SIM_TRY_LET(page, parse_key_page(answer->block, search.cursor, kPage));
    search.device_done = !page.more;
    search.cursor = std::move(page.cursor);
    for (PropertyList& properties : page.keys) {
        // Volatile keys are session objects of somebody.
        if (!properties.flag_or(CXI_PROP_TOKEN, true)) continue;
        if (!visible(session, properties) || !matches(search.wanted, properties, true)) continue;
        Object object;
        object.slot = session.token.slot;
        object.reference = {CXI_TAG_INDEX};
        append(object.reference, properties.bytes(CXI_PROP_KEY_UNAME));
        object.properties = std::move(properties);
        search.ready.push_back(session.library.objects.put(std::move(object))->handle);
    }
    return {};
}

keystore::Filter stored_filter(Session& session, const Template& wanted) {
    keystore::Filter filter;
    filter.group = session.token.group();
    if (!wanted.bytes(CKA_LABEL).empty()) filter.label = to_bytes(wanted.bytes(CKA_LABEL));
    if (!wanted.bytes(CKA_ID).empty()) filter.id = to_bytes(wanted.bytes(CKA_ID));
    if (const auto object_class = wanted.number(CKA_CLASS))
        filter.key_class = static_cast<std::uint32_t>(*object_class);
    if (!session.token.sees_private()) filter.is_private = false;
    return filter;
}

Result<void> next_stored_page(Session& session, Search& search) {
    CS2SIM_TRY_LET(page, list_stored(session, stored_filter(session, search.wanted), search.stored_after));
    search.more = page.more;
    search.stored_after = std::move(page.after);
    for (Object& object : page.objects)
        if (visible(session, object.properties) && matches(search.wanted, object.properties, true))
            search.ready.push_back(session.library.objects.put(std::move(object))->handle);
    // Nobody knows then that there is none.
    const bool found_none = search.ready.empty() && !search.found_any;
    return page.offline_by != 0 && found_none ? fail(page.offline_by) : Result<void>();
}

Result<void> next_page(Session& session, Search& search) {
    if (search.device_done) return next_stored_page(session, search);
    const auto found = next_device_page(session, search);
    search.more = found && (!search.device_done || session.token.external);
    return found;
}

}  // namespace

Result<Search> begin_search(Session& session, Template wanted) {
    Search search;
    search.wanted = std::move(wanted);
    if (!search.wanted.flag(CKA_TOKEN, false))
        for (const SharedObject& object : session.library.objects.of_slot(session.token.slot))
            if (visible(session, object->properties) && matches(search.wanted, object->properties, false))
                search.ready.push_back(object->handle);
    if (search.wanted.flag(CKA_TOKEN, true)) {
        search.filter = device_filter(session, search.wanted).encode();
        search.more = true;
        CS2SIM_TRY(next_page(session, search));
    }
    return search;
}

Result<std::vector<CK_OBJECT_HANDLE>> next_found(Session& session, Search& search, std::size_t most) {
    while (search.ready.size() - search.told < most && search.more) {
        search.ready.erase(search.ready.begin(),
                           search.ready.begin() + static_cast<std::ptrdiff_t>(search.told));
        search.told = 0;
        CS2SIM_TRY(next_page(session, search));
    }
    const std::size_t count = std::min(most, search.ready.size() - search.told);
    const auto first = search.ready.begin() + static_cast<std::ptrdiff_t>(search.told);
    std::vector<CK_OBJECT_HANDLE> found(first, first + static_cast<std::ptrdiff_t>(count));
    search.told += count;
    search.found_any = search.found_any || count != 0;
    return found;
}

}  // namespace cs2sim::p11
