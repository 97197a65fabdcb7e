#include "firmware/mbk/share_info.h"

#include <algorithm>
#include <chrono>

#include "firmware/protocol/block.h"
#include "firmware/protocol/functions.h"

namespace cs2sim {
namespace {

template <std::size_t N>
std::array<std::uint8_t, N> array_of(ByteView bytes) {
    std::array<std::uint8_t, N> out{};
    std::copy_n(bytes.begin(), N, out.begin());
    return out;
}

bool same(const Block& a, const Block& b, BytesName field) {
    return std::ranges::equal(a.bytes(field), b.bytes(field));
}

// The two halves of the six bytes: date and hhmmss.
ByteView date_of(const Block& info) { return info.bytes("time").first(3); }
ByteView clock_of(const Block& info) { return info.bytes("time").last(3); }

Result<void> check_together(const Block& a, const Block& b) {
    if (a.u8("type") != b.u8("type")) return fail(E_MBK_IG_KEY_TYPES_NM);
    if (!same(a, b, "name")) return fail(E_MBK_IG_KEY_NAME_NM);
    if (!std::ranges::equal(date_of(a), date_of(b))) return fail(E_MBK_IG_KEY_DATE_NM);
    if (!std::ranges::equal(clock_of(a), clock_of(b))) return fail(E_MBK_IG_KEY_TIME_NM);
    if (a.u8("k") != b.u8("k")) return fail(E_MBK_IG_KEY_SHARE_CNT_NM);
    if (a.u8("length") != b.u8("length")) return fail(E_MBK_KEY_LB);
    if (!same(a, b, "hash")) return fail(E_MBK_ISO_HASH_FAIL);
    return {};
}

// Lists show the name and the time of a share as they are: to terminals, and to scripts that count columns.
Result<void> check_shown(const Block& info) {
    std::string_view name = info.text("name");
    while (!name.empty() && (name.back() == '\0' || name.back() == ' ')) name.remove_suffix(1);
    const auto printable = [](char c) { return c >= 0x20 && c <= 0x7E; };
    if (name.empty() || !std::ranges::all_of(name, printable)) return fail(E_MBK_KEY_NAME);
    const auto decimal = [](std::uint8_t two) { return two >> 4 <= 9 && (two & 0xF) <= 9; };
    if (!std::ranges::all_of(info.bytes("time"), decimal)) return fail(E_MBK_TIME_WRONG_FORMAT);
    return {};
}

// Key files write ddmmyy and pad names with blanks (device-formats.md, section 3); records of VMBK1.db and
// shares of earlier versions have yymmdd and zeros.
using Time = std::array<std::uint8_t, 6>;

Time with_date_turned(Time time) {
    std::swap(time[0], time[2]);
    return time;
}

std::array<std::uint8_t, 8> padded_with(std::array<std::uint8_t, 8> name, std::uint8_t from,
                                        std::uint8_t to) {
    for (auto last = name.rbegin(); last != name.rend() && (*last == 0 || *last == from); ++last) *last = to;
    return name;
}

bool is_bcd_date(std::uint8_t day, std::uint8_t month) {
    return day >= 0x01 && day <= 0x31 && month >= 0x01 && month <= 0x12;
}

// Of yymmddhhmmss, in decimal digits: whether a calendar and a clock have it.
bool exists(const Time& record) {
    std::array<unsigned, 6> n{};
    std::ranges::transform(record, n.begin(),
                           [](std::uint8_t two) { return (two >> 4) * 10u + (two & 0xF); });
    const std::chrono::year_month_day date{std::chrono::year(2000 + static_cast<int>(n[0])),
                                           std::chrono::month(n[1]), std::chrono::day(n[2])};
    return date.ok() && n[3] < 24 && n[4] < 60 && n[5] < 60;
}

// Error: E_MBK_TIME_WRONG_FORMAT when neither order of the date gives one.
Result<Time> record_time(const Block& share) {
    const auto time = array_of<6>(share.bytes("time"));
    const bool earlier = share.bytes("name").back() == 0 || !is_bcd_date(time[0], time[1]);
    const Time record = earlier ? time : with_date_turned(time);
    if (!exists(record)) return fail(E_MBK_TIME_WRONG_FORMAT);
    return record;
}

}  // namespace

Bytes encode_key_info(const MbkKeyInfo& info) {
    return compose_fitting(LAYOUT_MBK_KEY_INFO, info.name, info.type, info.time, info.length, info.hash,
                           info.n, info.k, info.id);
}

MbkKeyInfo decode_key_info(ByteView encoded) {
    MbkKeyInfo info;
    const auto fields = parse(LAYOUT_MBK_KEY_INFO, encoded);
    if (!fields) return info;
    info.name = array_of<8>(fields->bytes("name"));
    info.type = fields->u8("type");
    info.time = array_of<6>(fields->bytes("time"));
    info.length = fields->u8("length");
    info.hash = array_of<16>(fields->bytes("hash"));
    info.n = fields->u8("n");
    info.k = fields->u8("k");
    info.id = fields->u8("id");
    return info;
}

std::array<std::uint8_t, 32> encode_share_info(const MbkKeyInfo& key, std::uint8_t x) {
    constexpr std::array<std::uint8_t, 6> kZeros{};
    return array_of<32>(compose_fitting(LAYOUT_SHARE_INFO, padded_with(key.name, 0, ' '), MBK_TYPE_AES_SHARE,
                                        with_date_turned(key.time), key.length,
                                        array_of<8>(ByteView(key.hash).first(8)), key.k, x, kZeros));
}

Result<ShareSet> check_shares(const std::vector<MbkShare>& shares) {
    if (shares.empty()) return fail(E_MBK_SHARE_CNT);
    std::vector<Block> infos;
    for (const MbkShare& share : shares) {
        CS2SIM_TRY_LET(info, parse(LAYOUT_SHARE_INFO, share.info));
        infos.push_back(std::move(info));
        CS2SIM_TRY(check_together(infos.front(), infos.back()));
    }
    const Block& first = infos.front();
    if (first.u8("type") != MBK_TYPE_AES_SHARE) return fail(E_MBK_KEY_TYPE);
    if (first.u8("length") != kMbkLength) return fail(E_MBK_KEY_LB);
    if (first.u8("k") != shares.size()) return fail(E_MBK_SHARE_CNT);
    CS2SIM_TRY(check_shown(first));
    CS2SIM_TRY_LET(time, record_time(first));

    ShareSet set{padded_with(array_of<8>(first.bytes("name")), ' ', 0),
                 time,
                 array_of<8>(first.bytes("hash")),
                 first.u8("k"),
                 {}};
    for (std::size_t i = 0; i < shares.size(); ++i)
        set.points.emplace_back(infos[i].u8("x"), shares[i].share);
    return set;
}

}  // namespace cs2sim
