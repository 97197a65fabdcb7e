// The table of handles: what it keeps of how many objects.
#include <malloc.h>
#include <catch2/catch.hpp>

#include <set>

#include "host-lib/pkcs11/object_table.h"

using namespace cs2sim;
using namespace cs2sim::p11;

namespace {

Object token_object(std::uint32_t spec, const std::string& name = "") {
    Object object;
    object.slot = 3;
    object.reference = {CXI_TAG_INDEX};
    append(object.reference, big_endian_bytes<4>(spec));
    object.properties.set_number(CXI_PROP_KEY_SPEC, spec);
    if (!name.empty()) object.properties.set(CXI_PROP_KEY_NAME, name);
    object.properties.set(CXI_PROP_KEY_LABEL, "object " + std::to_string(spec));
    return object;
}

Object session_object(CK_SESSION_HANDLE session, std::uint32_t number, bool is_private) {
    Object object = token_object(number);
    object.session = session;
    if (number % 8 < 4) object.reference[0] = CXI_TAG_EXTERNAL;  // a blob of our own
    object.properties.set_flag(CXI_PROP_PRIVATE, is_private);
    return object;
}

std::size_t memory() { return ::mallinfo2().uordblks; }  // 0 in sanitized builds

}  // namespace

TEST_CASE("of objects without a name nothing is kept beyond ObjectCache, whatever their number") {
    ObjectTable table(100);
    std::vector<CK_OBJECT_HANDLE> handles;
    handles.reserve(100'000);
    for (std::uint32_t spec = 1; spec <= 1000; ++spec)
        handles.push_back(table.put(token_object(spec))->handle);
    const std::size_t before = memory();
    for (std::uint32_t spec = 1001; spec <= 100'000; ++spec)
        handles.push_back(table.put(token_object(spec))->handle);
    CHECK(memory() < before + 100'000);
    CHECK(std::set(handles.begin(), handles.end()).size() == handles.size());
    // The newest is whole; of the first the handle tells what it is called.
    CHECK_FALSE(table.find(handles.back())->bare);
    const SharedObject first = table.find(handles.front());
    REQUIRE(first);
    CHECK(first->bare);
    CHECK(first->reference.empty());
    CHECK(first->slot == 3);
    CHECK(ObjectTable::number_in(first->handle) == 1u);
    // It is the same object again when it was read, and when it is found again.
    Object known = *first;
    known.reference = token_object(1).reference;
    const SharedObject whole = table.make_whole(known, token_object(1).properties);
    REQUIRE(whole);
    CHECK(whole->handle == handles.front());
    CHECK(table.find(handles.front())->properties.text(CXI_PROP_KEY_LABEL) == "object 1");
    CHECK(table.put(token_object(2))->handle == handles[1]);
}

TEST_CASE(
    "objects with a name, and specifiers beyond what a handle can say, are kept by what they are called") {
    ObjectTable table(1);
    const CK_OBJECT_HANDLE named = table.put(token_object(7, "name"))->handle,
                           far = table.put(token_object(1u << 30))->handle;
    CHECK_FALSE(ObjectTable::number_in(named));
    CHECK_FALSE(ObjectTable::number_in(far));
    const SharedObject bare = table.find(named);
    REQUIRE(bare);
    CHECK(bare->bare);
    CHECK(bare->reference == token_object(7).reference);
    CHECK(table.put(token_object(7, "name"))->handle == named);
    table.erase(named);
    CHECK_FALSE(table.find(named));
    CHECK(table.put(token_object(7, "name"))->handle != named);
}

TEST_CASE(
    "session objects beyond ObjectCache are whole when they are used, and end with their session or log-on") {
    ObjectTable table(10);
    std::vector<CK_OBJECT_HANDLE> handles;
    for (std::uint32_t i = 0; i < 1000; ++i)
        handles.push_back(table.put(session_object(1 + i % 2, i, i % 4 < 2))->handle);
    for (std::uint32_t i = 0; i < 1000; ++i) {
        const SharedObject object = table.find(handles[i]);
        REQUIRE(object);
        CHECK_FALSE(object->bare);
        CHECK(object->handle == handles[i]);
        CHECK(object->session == 1 + i % 2);
        CHECK(object->reference == session_object(1, i, true).reference);
        CHECK(object->properties == session_object(1, i, i % 4 < 2).properties);
    }
    CHECK(table.of_slot(3).size() == 1000);
    CHECK(table.of_slot(0).empty());
    const auto ended = table.erase_private(3);
    CHECK(ended.size() == 250);  // the others are no blobs
    for (const SharedObject& object : ended) CHECK(object->reference[0] == CXI_TAG_INDEX);
    CHECK(table.of_slot(3).size() == 500);
    CHECK_FALSE(table.find(handles[0]));
    const auto of_one = table.erase_of_session(1);
    CHECK(of_one.size() == 125);
    for (const SharedObject& object : of_one) CHECK(object->reference[0] == CXI_TAG_INDEX);
    CHECK(table.of_slot(3).size() == 250);
    table.erase(handles[3]);
    CHECK(table.erase_of_session(2).size() == 125);
    CHECK(table.of_slot(3).empty());
}
