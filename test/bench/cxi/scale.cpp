#include "test/bench/cxi/scale.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>

#include "firmware/cxi/make_key.h"
#include "firmware/db/database.h"
#include "firmware/protocol/databases.h"
#include "firmware/smos/smos.h"
#include "test/bench/main/program.h"

namespace cs2sim::bench {
namespace {

constexpr std::size_t kOpens = 1000;
constexpr std::uint32_t kPage = 1000;

std::string name_of(std::size_t number) { return "key" + std::to_string(number); }

// Into the state of a simulator that is stopped, as a restore would put them there.
void fill(const Simulator& simulator, std::size_t from, std::size_t to) {
    const auto smos = must(Smos::open(simulator.state()));
    DatabaseStore databases(*smos);
    const auto database = must(databases.create("CXIKEY.db", database_policy("CXIKEY.db")->info));
    const auto staging = must(database->stage());
    const Circumstances now{.milliseconds = smos->clock.milliseconds()};
    for (std::size_t i = from; i < to; ++i) {
        const KeyObject key = must(generate_key(key_template(CXI_KEY_ALGO_AES, 256, name_of(i)), {}, now));
        must(staging->add(key_index(key.group(), key.name(), 0), encode_key(key)));
    }
    (void)must(staging->commit());
}

void open_key(host::Device& device, std::size_t number) {
    PropertyList names;
    names.set(CXI_PROP_KEY_GROUP, "BENCH");
    names.set(CXI_PROP_KEY_NAME, name_of(number));
    (void)must(device.execute(FC_CXI, SFC_CXI_KEY_OPEN, {0, names.encode()}));
}

void measure(Simulator& simulator, std::size_t count) {
    const double begin = seconds();
    simulator.start();
    const double started = seconds() - begin;
    const auto device = client(simulator, Logon::secure);
    open_key(*device, count / 2);
    const double first_key = seconds() - begin;
    const long idle = simulator.resident_kilobytes();
    std::vector<double> opens;
    for (std::size_t i = 0; i < kOpens; ++i) {
        const double one = seconds();
        open_key(*device, static_cast<std::size_t>(std::rand()) % count);
        opens.push_back((seconds() - one) * 1e6);
    }
    std::ranges::sort(opens);
    std::vector<double> pages;
    Bytes cursor;
    std::size_t listed = 0;
    for (bool more = true; more;) {
        const double one = seconds();
        const auto page =
            must(device->execute(FC_CXI, SFC_CXI_KEY_LIST, {ByteView(), ByteView(), cursor, kPage}));
        pages.push_back((seconds() - one) * 1e3);
        more = page.block.u8("more") != 0;
        cursor = to_bytes(page.block.bytes("cursor"));
        for (ByteView rest = page.block.bytes("keys"); !rest.empty(); ++listed)
            must(parse_prefix(LAYOUT_CXI_ROW, rest));
    }
    if (listed < count) std::printf("listed %zu keys only\n", listed);
    const std::size_t tenth = std::max<std::size_t>(1, pages.size() / 10);
    const std::vector<double> early(pages.begin(), pages.begin() + static_cast<std::ptrdiff_t>(tenth));
    const std::vector<double> late(pages.end() - static_cast<std::ptrdiff_t>(tenth), pages.end());
    const long peak = simulator.resident_kilobytes();
    const auto file = std::filesystem::file_size(simulator.state() / "flash" / "db" / "CXIKEY.db");
    std::printf(
        "%8zu keys  start %5.0f ms, with a first key %5.0f ms   open by name %4.0f us (99 of 100: %4.0f)   "
        "page of %u %5.2f ms, first tenth %5.2f, last %5.2f, slowest %5.2f\n"
        "               memory %3ld MB at first, %3ld MB after all (%5.1f bytes a key)   disk %6.1f MB "
        "(%3.0f "
        "bytes a key)\n",
        count, started * 1e3, first_key * 1e3, opens[opens.size() / 2], opens[opens.size() * 99 / 100], kPage,
        median(pages), median(early), median(late), *std::ranges::max_element(pages), idle / 1024,
        peak / 1024, static_cast<double>(peak) * 1024 / static_cast<double>(count),
        static_cast<double>(file) / 1e6, static_cast<double>(file) / static_cast<double>(count));
    simulator.stop();
}

}  // namespace

void bench_scale(const std::filesystem::path& folder, std::size_t largest) {
    std::printf(
        "Databases of AES-256 keys (goals: start under 2 s, open under 1000 us, memory under 1 GB)\n");
    Simulator simulator(folder);
    simulator.stop();
    std::size_t have = 0;
    for (std::size_t count = 1000; count <= largest; count *= 10) {
        fill(simulator, have, count);
        have = count;
        measure(simulator, count);
        std::fflush(stdout);
    }
}

}  // namespace cs2sim::bench
