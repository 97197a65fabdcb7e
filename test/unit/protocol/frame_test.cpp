#include <catch2/catch.hpp>

#include "firmware/protocol/block.h"
#include "firmware/protocol/frame.h"
#include "firmware/protocol/functions.h"
#include "test/bad_input.h"
#include "test/unit/scratch.h"

using namespace cs2sim;

// device-formats.md, section 1.1
TEST_CASE("the requests of public clients, byte for byte") {
    const auto* list = find_function(0x087, 0x17);
    REQUIRE(list);
    CHECK(to_hex(request_frame(0x087, 0x17, compose(list->request, {"FLASH\\CXIKEY.db"}).value())) ==
          "9C000018"
          "008717"
          "000F"
          "464C4153485C4358494B45592E6462");

    const auto* read = find_function(0x087, 0x18);
    REQUIRE(read);
    CHECK(to_hex(request_frame(0x087, 0x18,
                               compose(read->request, {"user.db", hex_bytes("41444D494E000000")}).value())) ==
          "9C00001A"
          "008718"
          "0007"
          "757365722E6462"
          "0008"
          "41444D494E000000");

    CHECK(to_hex(request_frame(0, 0x22, hex_bytes("00"))) == "9C00000800002200");
    CHECK(to_hex(request_frame(0, 0x10, hex_bytes("0002"))) == "9C0000090000100002");
}

TEST_CASE("the key length of a list answer is byte 7, the keys start at byte 12") {
    const Bytes frame =
        answer_frame(compose(find_function(0x087, 0x17)->answer, {8, 100000, hex_bytes("AABB")}).value());
    CHECK(frame[0] == 0x9A);
    CHECK(frame[7] == 8);
    CHECK(frame[12] == 0xAA);
}

TEST_CASE("a malformed request has its code") {
    test::bad_input("frames and blocks, malformed", 4);
    CHECK(code_of(parse_request(hex_bytes("9A00000700832A"))) == E_CMDS_BAD_TAG);
    CHECK(code_of(parse_request({})) == E_CMDS_BAD_TAG);
    CHECK(code_of(parse_request(hex_bytes("9C0000060083"))) == E_CMDS_BAD_CMD);
    CHECK(code_of(parse_request(hex_bytes("9C000008008300"))) == E_CMDS_DATA_LEN);
    CHECK(parse_request(hex_bytes("9C000007008300"))->fc == FC_CMDS);
}

TEST_CASE("an error frame carries the code to the host") {
    CHECK(code_of(parse_answer(error_frame({E_CMDS_CHALLENGE_LEN}))) == 0xB0830063);
    CHECK(code_of(parse_answer(hex_bytes("9E000006B083"))) == E_CSA_PROTOCOL);
    CHECK(code_of(parse_answer(hex_bytes("9A000005"))) == E_CSA_PROTOCOL);
    CHECK(parse_answer(hex_bytes("9A00000501"))->size() == 1);
}

TEST_CASE("the frame reader does not care how bytes arrive") {
    const Bytes one = request_frame(FC_CMDS, SFC_CMDS_ECHO, hex_bytes("0102"));
    const Bytes two = request_frame(FC_CMDS, SFC_CMDS_ECHO, {});
    Bytes both = one;
    append(both, two);

    SECTION("byte by byte") {
        FrameReader reader;
        std::vector<Bytes> frames;
        for (std::uint8_t byte : both) {
            reader.feed({&byte, 1});
            while (auto frame = reader.next()) frames.push_back(*frame);
        }
        CHECK(frames == std::vector<Bytes>{one, two});
        CHECK(reader.idle());
    }
    SECTION("all at once") {
        FrameReader reader;
        reader.feed(both);
        CHECK(reader.next() == one);
        CHECK(reader.next() == two);
        CHECK(reader.next() == std::nullopt);
    }
}

TEST_CASE("an oversized frame is swallowed and answered, and the stream goes on") {
    FrameReader reader;
    Bytes huge = hex_bytes("9C100000008300");
    huge.resize(0x100000);
    reader.feed(ByteView(huge).first(5));
    CHECK(reader.next() == std::nullopt);
    reader.feed(ByteView(huge).subspan(5, 1000));
    const auto head = reader.next();
    REQUIRE(head);
    CHECK(code_of(parse_request(*head)) == E_CMDS_DATA_LEN);
    CHECK_FALSE(reader.idle());
    reader.feed(ByteView(huge).subspan(1005));
    CHECK(reader.idle());
    const Bytes next = request_frame(FC_CMDS, SFC_CMDS_ECHO, {});
    reader.feed(next);
    CHECK(reader.next() == next);
}

TEST_CASE("a length that cannot be loses the stream") {
    FrameReader reader;
    reader.feed(hex_bytes("9C000003FFFFFF"));
    const auto head = reader.next();
    REQUIRE(head);
    CHECK(code_of(parse_request(*head)) == E_CMDS_BAD_CMD);
    CHECK(reader.lost());
    reader.feed(request_frame(FC_CMDS, SFC_CMDS_ECHO, {}));
    CHECK(reader.next() == std::nullopt);
}

TEST_CASE("a FrameReader says how much reads up to the end of one frame") {
    FrameReader reader;
    const Bytes frame = request_frame(0x123, 4, Bytes(10));
    CHECK(reader.wanted() == kFrameHeader);
    reader.feed(ByteView(frame).first(1));
    CHECK(reader.wanted() == kFrameHeader - 1);
    reader.feed(ByteView(frame).subspan(1, 3));
    CHECK_FALSE(reader.next());
    CHECK(reader.wanted() == frame.size() - kFrameHeader);
    reader.feed(ByteView(frame).subspan(4));
    CHECK(reader.next() == frame);
    CHECK(reader.wanted() == kFrameHeader);

    reader.feed(Bytes{0x9c, 0x10, 0, 0, 0, 0, 0});  // 1 MiB
    CHECK(reader.next()->size() == kRequestHeader);
    CHECK(reader.swallowing() == 0x100000 - kRequestHeader);
    CHECK(reader.wanted() == reader.swallowing());
}

TEST_CASE("is_frame knows exactly one lawful frame") {
    const Bytes frame = request_frame(0x123, 4, Bytes(10));
    CHECK(is_frame(frame));
    CHECK_FALSE(is_frame(ByteView(frame).first(frame.size() - 1)));
    CHECK_FALSE(is_frame({}));
    CHECK_FALSE(is_frame(Bytes{0x9c, 0, 0, 3}));
    CHECK(is_frame(Bytes{0x9c, 0, 0, 4}));
    Bytes large(kMaxFrame + 1);
    large[1] = 0x08;
    large[3] = 1;
    CHECK_FALSE(is_frame(large));
}
