#include "firmware/cxi/group_access.h"
#include "firmware/protocol/group_patterns.h"
#include "firmware/protocol/pattern.h"
#include "test/unit/cxi/cxi_bench.h"

using namespace cs2sim;

TEST_CASE("patterns match as shells do") {
    CHECK(matches_pattern("*", ""));
    CHECK(matches_pattern("SLOT_000?", "SLOT_0007"));
    CHECK_FALSE(matches_pattern("SLOT_000?", "SLOT_000"));
    CHECK(matches_pattern("a*b*c", "aXbYbZc"));
    CHECK_FALSE(matches_pattern("a*b*c", "aXbYbZ"));
    CHECK_FALSE(matches_pattern("", "x"));
    CHECK_FALSE(matches_pattern("slot", "SLOT"));
}

TEST_CASE("the attribute CXI_GROUP holds one pattern or several") {
    CHECK(attributes_match_group("CXI_GROUP=A", "A"));
    CHECK(attributes_match_group("CXI_GROUP=A,B*", "B1"));
    CHECK(attributes_match_group("CXI_GROUP=A;C", "C"));
    CHECK(attributes_match_group("X=1,CXI_GROUP=A", "A"));
    CHECK(attributes_match_group("CXI_GROUP=A,CXI_GROUP=D", "D"));
    CHECK_FALSE(attributes_match_group("CXI_GROUP=A,X=B", "B"));
    CHECK_FALSE(attributes_match_group("CXI_GROUP=A", ""));
    CHECK(attributes_match_group("CXI_GROUP=*", ""));
    CHECK_FALSE(attributes_match_group("CXI_GROUP=A;;B", ""));
    CHECK_FALSE(attributes_match_group("CXI_GROUP=A,", ""));
    CHECK(attributes_match_group("CXI_GROUP=A;;B", "B"));
    CHECK(attributes_match_group("", ""));
    CHECK_FALSE(attributes_match_group("", "A"));
}

TEST_CASE("G15: a permission in one group does not lend itself to another") {
    CxiBench bench;
    const Bytes key = bench.aes("ProdKey", "k");
    bench.context.users = {{"A", 0x00000002, "CXI_GROUP=ExmpKey", {}},
                           {"B", 0x00000000, "CXI_GROUP=ProdKey", {}}};
    CHECK(code_of(bench.run(SFC_CXI_KEY_BACKUP, {key})) == E_CXI_PERMISSION_DENIED);
    bench.log_on(0x00000002, "CXI_GROUP=ProdKey");
    CHECK(code_of(bench.run(SFC_CXI_KEY_BACKUP, {key})) == 0);
    // Two users of the group add up.
    bench.context.users = {{"A", 0x00000001, "CXI_GROUP=Prod*", {}},
                           {"B", 0x00000001, "CXI_GROUP=ProdKey", {}}};
    CHECK(code_of(bench.run(SFC_CXI_KEY_BACKUP, {key})) == 0);
    bench.log_on(0x22000000, "");
    CHECK(code_of(bench.run(SFC_CXI_KEY_BACKUP, {key})) == E_CXI_PERMISSION_DENIED);
    bench.context.users.clear();
    CHECK(code_of(bench.run(SFC_CXI_KEY_LIST, {ByteView(), ByteView(), ByteView(), 0})) ==
          E_CXI_PERMISSION_DENIED);
}

TEST_CASE("key management is separated from use where the group's configuration says so") {
    CxiBench bench;
    const Bytes key = bench.aes("G", "k");
    PropertyList config;
    config.set_number(CXI_PROP_CFG_AUTH_KEYM, kKeyManager);
    Bytes of_group{CXI_TAG_CONFIG};
    append(of_group, as_bytes("G"));
    CHECK(code_of(bench.run(SFC_CXI_KEY_PROP_SET, {of_group, config.encode()})) == E_CXI_PERMISSION_DENIED);
    bench.log_on(0x00000200, "CXI_GROUP=G");
    CHECK(code_of(bench.run(SFC_CXI_KEY_PROP_SET, {of_group, config.encode()})) == 0);
    bench.log_on(0x00000002, "CXI_GROUP=G");
    CHECK(code_of(bench.run(SFC_CXI_KEY_DELETE, {key})) == E_CXI_PERMISSION_DENIED);
    // A backup outlives what the manager changes, so it is the manager's.
    CHECK(code_of(bench.run(SFC_CXI_KEY_BACKUP, {key})) == E_CXI_PERMISSION_DENIED);
    bench.log_on(0x00000020, "CXI_GROUP=G");
    CHECK(code_of(bench.run(SFC_CXI_KEY_BACKUP, {key})) == 0);
    CHECK(code_of(bench.run(SFC_CXI_KEY_DELETE, {key})) == 0);
}

TEST_CASE("the hash of a group's backup password is told to nobody") {
    CxiBench bench;
    Bytes of_group{CXI_TAG_CONFIG};
    append(of_group, as_bytes("G"));
    PropertyList config;
    config.set_number(CXI_PROP_CFG_WRAP_POLICY, 1);
    config.set(CXI_PROP_CFG_GROUP_BACKUP_PASS_HASH, ByteView(Bytes(32, 0x5A)));
    bench.log_on(0x00000200, "CXI_GROUP=G");
    REQUIRE(code_of(bench.run(SFC_CXI_KEY_PROP_SET, {of_group, config.encode()})) == 0);
    const auto told = [&](ByteView wanted) { return bench.run(SFC_CXI_KEY_PROP_GET, {of_group, wanted}); };
    for (const char* attributes : {"CXI_GROUP=G", "CXI_GROUP=H"}) {
        bench.log_on(0x00000200, attributes);
        CHECK(code_of(told(big_endian_bytes<4>(CXI_PROP_CFG_GROUP_BACKUP_PASS_HASH))) ==
              E_CXI_PROP_SENSITIVE);
        const auto all = told({});
        REQUIRE(code_of(all) == 0);
        const auto list = PropertyList::decode(ByteView(*all).subspan(4));
        REQUIRE(list);
        CHECK(list->number(CXI_PROP_CFG_WRAP_POLICY) == 1u);
        CHECK_FALSE(list->has(CXI_PROP_CFG_GROUP_BACKUP_PASS_HASH));
    }
}

TEST_CASE("no group is configured whose name no reader of the configuration would take") {
    CxiBench bench;
    bench.log_on(0x00000200, "CXI_GROUP=*");
    PropertyList config;
    config.set_number(CXI_PROP_CFG_AUTH_KEYM, kKeyManager);
    for (const std::string name : {"ev\n1", "ev\x7F", "\x1B[2J"}) {
        Bytes of_group{CXI_TAG_CONFIG};
        append(of_group, as_bytes(name));
        CHECK(code_of(bench.run(SFC_CXI_KEY_PROP_SET, {of_group, config.encode()})) == E_CXI_PROP_VAL);
    }
    CHECK(code_of(bench.run(SFC_CXI_KEY_LIST, {ByteView(), ByteView(), ByteView(), 0})) == 0);
}

TEST_CASE("with group_expressions CXI_GROUP is an expression, matched whole, and never a long search") {
    const auto matches = [](const std::string& expression, std::string_view group) {
        return attributes_match_group("CXI_GROUP=" + expression, group, true);
    };
    CHECK(matches("SLOT_[0-9]{0}", "SLOT_") == false);  // no intervals
    CHECK(matches("SLOT_000[0-3]", "SLOT_0002"));
    CHECK_FALSE(matches("SLOT_000[0-3]", "SLOT_0004"));
    CHECK_FALSE(matches("SLOT_000[0-3]", "XSLOT_0002"));
    CHECK_FALSE(matches("SLOT_000[0-3]", "SLOT_00021"));
    CHECK(matches("A|B", "A"));
    CHECK(matches("A|B", "B"));
    CHECK_FALSE(matches("A|B", "AB"));  // the whole of it, not a branch at each end
    CHECK(matches("Prod.*", "ProdKey"));
    CHECK(matches(".*", ""));
    CHECK_FALSE(matches("A", ""));
    CHECK(attributes_match_group("X=1", "", true));
    CHECK(attributes_match_group("CXI_GROUP=Q+,Z.", "Zx", true));
    CHECK(attributes_match_group("CXI_GROUP=Q+;Z.", "QQQ", true));
    CHECK(matches("a\\.b", "a.b"));
    CHECK_FALSE(matches("a\\.b", "axb"));
    CHECK_FALSE(attributes_match_group("CXI_GROUP=A.*", "AB"));  // without the setting it is a pattern

    const std::vector<std::string> bad_ones{"(",
                                            ")",
                                            "a)(b",
                                            "[",
                                            "*",
                                            "a{1,200}",
                                            "((a{9}){9}){9}",
                                            "(a)\\1",
                                            "\\",
                                            "a\\",
                                            "",
                                            "[a",
                                            "[]",
                                            "[^]",
                                            "[[:alpha:]",
                                            "[[.a",
                                            "(a",
                                            "a++",
                                            "a*+",
                                            "(((((a+)+)+)+)+)",
                                            std::string(127, '+')};
    for (const std::string& bad : bad_ones) {
        INFO(bad);
        CHECK_FALSE(is_expression(bad));
        CHECK_FALSE(matches(bad, "a"));
    }
    CHECK_FALSE(is_expression(std::string(129, 'a')));
    CHECK(is_expression(std::string(128, 'a')));
    // What blows other machines up ends here within the lengths.
    CHECK(is_expression("((((a+)+)+)+)+"));
    CHECK_FALSE(matches("((((a*)*)*)*)*", std::string(256, 'a') + "b"));
    CHECK_FALSE(
        matches("((((a+)+)+)+)+((((a+)+)+)+)+((((a+)+)+)+)+((((a+)+)+)+)+", std::string(256, 'a') + "b"));
    // Brackets of expressions in lists are none, and count for no depth.
    std::string hidden, repeated;
    for (int i = 0; i < 5; ++i) {
        hidden += "(((([))))]";
        repeated += "[((((])+)+)+)+";
    }
    const auto times = [](int count, std::string_view part) {
        std::string all;
        while (count-- > 0) all += part;
        return all;
    };
    const std::vector<std::string> explosive{hidden + "a+" + repeated,
                                             "((((([[:alpha:])]+)+)+)+)+)+",
                                             times(9, "((((a+)+)+)+)+"),
                                             times(6, "((((a*)*)*)*)*"),
                                             times(9, "((a*)+)+"),
                                             times(20, "(a*)*"),
                                             times(20, "(|a)*"),
                                             times(20, "(a?)+"),
                                             times(20, "(^)*"),
                                             times(20, "(\\b|a)+"),
                                             "(a|b*|c)+",
                                             "(()())*"};
    for (const std::string& text : explosive) {
        INFO(text);
        CHECK_FALSE(is_expression(text));
    }
    CHECK(matches("([(])([)])", "()"));
    CHECK(matches("[]a]+[^]a]", "a]b"));
    CHECK(matches("[[:digit:]{+*?]+", "1{+*?"));
    CHECK(matches("[\\]", "\\"));
    CHECK(matches("(A|B)+(C|D*)?", "ABBADD"));
    CHECK_FALSE(matches("(a|a)*(a|aa)+(a*)*x", std::string(256, 'a')));
    std::string wide = "(a|b)*a";
    while (wide.size() + 5 <= 128) wide += "(a|b)";
    CHECK_FALSE(matches(wide, std::string(200, 'b')));
}
