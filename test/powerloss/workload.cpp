#include "test/powerloss/workload.h"

#include <algorithm>
#include <iostream>
#include <map>
#include <optional>
#include <set>

#include "firmware/protocol/cxi/constants.h"

namespace cs2sim::powerloss {
namespace {

void loss(Tally& tally, const std::string& words) {
    ++tally.losses;
    std::cout << "LOSS " << words << '\n';
}

// Things by name that are there or not: users, keys.
class Register {
public:
    void intend(const std::string& name, bool there) { open_ = {name, there}; }
    void done() {
        if (open_->second)
            there_.insert(open_->first);
        else
            there_.erase(open_->first);
        open_.reset();
    }
    const std::set<std::string>& there() const { return there_; }

    void compare(const std::set<std::string>& seen, const std::string& what, Tally& tally) {
        std::set<std::string> judged = seen;
        if (open_) {  // either is right
            if (seen.contains(open_->first))
                there_.insert(open_->first);
            else
                there_.erase(open_->first);
            open_.reset();
        }
        for (const std::string& name : there_)
            if (judged.erase(name) == 0) loss(tally, what + " " + name + " is gone");
        for (const std::string& name : judged) loss(tally, what + " " + name + " should not be there");
        there_ = seen;
    }

private:
    std::set<std::string> there_;
    std::optional<std::pair<std::string, bool>> open_;
};

class UserWork final : public Workload {
public:
    std::string name() const override { return "users"; }
    bool prepare(host::Device&) override { return true; }

    bool work(host::Device& device) override {
        if (users_.there().size() > 20) {
            const std::string user = *users_.there().begin();
            users_.intend(user, false);
            if (!device.execute(FC_CMDS, SFC_CMDS_DELETE_USER, {user})) return false;
        } else {
            const std::string user = "U" + std::to_string(1000000 + ++count_);
            users_.intend(user, true);
            if (!device.execute(FC_CMDS, SFC_CMDS_ADD_USER, {user, 2, 4, 0, "", "a-password"})) return false;
        }
        users_.done();
        return true;
    }

    bool verify(host::Device& device, Tally& tally) override {
        const auto answer = device.execute(FC_CMDS, SFC_CMDS_LIST_USERS, {""});
        if (!answer) return false;
        std::set<std::string> seen;
        for (ByteView rest = answer->block.bytes("users"); !rest.empty();) {
            const auto user = parse_prefix(LAYOUT_USER, rest);
            if (!user) return false;
            const std::string text(user->text("short"));
            if (text.starts_with('U')) seen.insert(text);
        }
        users_.compare(seen, "user", tally);
        return true;
    }

private:
    Register users_;
    unsigned count_ = 0;
};

Bytes key_of(std::uint32_t number) { return compose("n:u4", {number}).value(); }

// Entries of a database, from the first on; nothing when it cannot be read.
std::optional<std::map<Bytes, Bytes>> read_all(host::Device& device, const std::string& name) {
    constexpr std::uint8_t kAtOrBehind = 1;
    constexpr std::uint8_t kBehind = 2;
    std::map<Bytes, Bytes> all;
    Bytes key(4);
    for (std::uint8_t mode = kAtOrBehind;; mode = kBehind) {
        const auto entry = device.execute(FC_DB, SFC_DB_TEST_FIND, {name, mode, key});
        if (!entry && entry.error().code == E_DB_NOT_FOUND) return all;
        if (!entry) return std::nullopt;
        key = to_bytes(entry->block.bytes("key"));
        all[key] = to_bytes(entry->block.bytes("record"));
    }
}

// Batches of entries: each wholly there or wholly absent.
class BatchWork final : public Workload {
public:
    std::string name() const override { return "batches"; }
    bool prepare(host::Device& device) override {
        return device.execute(FC_DB, SFC_DB_TEST_CREATE, {kName, 4, 100000}).has_value();
    }

    bool work(host::Device& device) override {
        const std::uint32_t batch = next_++;
        Bytes entries;
        for (std::uint32_t i = 0; i < kSize; ++i)
            compose_into(entries, LAYOUT_DB_ENTRY, {key_of(batch * kSize + i), Bytes(200, 0x42)});
        open_.insert(batch);
        if (!device.execute(FC_DB, SFC_DB_TEST_INSERT, {kName, entries})) return false;
        open_.erase(batch);
        done_.insert(batch);
        return true;
    }

    bool verify(host::Device& device, Tally& tally) override {
        const auto all = read_all(device, kName);
        if (!all) return false;
        std::map<std::uint32_t, std::uint32_t> sizes;
        for (const auto& [key, record] : *all) {
            const std::uint32_t number = parse("n:u4", key)->u32("n");
            ++sizes[number / kSize];
            if (record != Bytes(200, 0x42)) loss(tally, "entry " + std::to_string(number) + " is changed");
        }
        for (const std::uint32_t batch : done_)
            if (sizes[batch] != kSize) loss(tally, "batch " + std::to_string(batch) + " is not whole");
        for (const std::uint32_t batch : open_) {
            if (sizes[batch] != 0 && sizes[batch] != kSize)
                loss(tally, "batch " + std::to_string(batch) + " is there by half");
            if (sizes[batch] != 0) done_.insert(batch);
        }
        open_.clear();
        return done_.size() < kMost || begin_anew(device);
    }

private:
    // Else each look at all that is there would take longer than the one before.
    bool begin_anew(host::Device& device) {
        done_.clear();
        return device.execute(FC_DB, SFC_DB_TEST_DROP, {kName}) && prepare(device);
    }

    static constexpr std::size_t kMost = 50;
    static constexpr std::uint32_t kSize = 10;
    static constexpr const char* kName = "BATCH.db";
    std::uint32_t next_ = 0;
    std::set<std::uint32_t> done_;
    std::set<std::uint32_t> open_;
};

// A database of which there are several backups; each restore replaces every entry, or none.
class RestoreWork final : public Workload {
public:
    std::string name() const override { return "backups and restores"; }

    bool prepare(host::Device& device) override {
        if (!device.execute(FC_MBK, SFC_MBK_GENERATE, {2, 32, 2, 2, "POWER"})) return false;
        if (!device.execute(FC_DB, SFC_DB_TEST_CREATE, {kName, 4, 100000})) return false;
        for (std::uint8_t generation = 0; generation < kGenerations; ++generation)
            if (!make_generation(device, generation)) return false;
        current_ = kGenerations - 1;
        return true;
    }

    bool work(host::Device& device) override {
        const auto generation = static_cast<std::uint8_t>((current_ + 1) % kGenerations);
        open_ = generation;
        if (!restore(device, backups_[generation]) || !back_up(device)) return false;
        current_ = generation;
        open_.reset();
        return true;
    }

    bool verify(host::Device& device, Tally& tally) override {
        const auto all = read_all(device, kName);
        if (!all) return false;
        std::set<std::uint8_t> seen;
        for (const auto& [key, record] : *all) seen.insert(record.empty() ? 0xFF : record[0]);
        if (all->size() != kSize)
            loss(tally, "restored database has " + std::to_string(all->size()) + " entries");
        if (seen.size() != 1) return loss(tally, "a restore is there by half"), true;
        if (*seen.begin() != current_ && open_ != *seen.begin()) loss(tally, "a restore is undone");
        current_ = *seen.begin();
        open_.reset();
        return true;
    }

private:
    struct Backup {
        Bytes entries;
        Bytes hash;
    };
    static constexpr std::uint8_t kGenerations = 3;
    static constexpr std::size_t kSize = 50;
    static constexpr const char* kName = "RESTORE.db";

    bool make_generation(host::Device& device, std::uint8_t generation) {
        for (std::uint32_t i = 0; generation != 0 && i < kSize; ++i)
            if (!device.execute(FC_DB, SFC_DB_TEST_DELETE, {kName, key_of(i)})) return false;
        Bytes entries;
        for (std::uint32_t i = 0; i < kSize; ++i)
            compose_into(entries, LAYOUT_DB_ENTRY, {key_of(i), Bytes(500, generation)});
        if (!device.execute(FC_DB, SFC_DB_TEST_INSERT, {kName, entries})) return false;
        auto backup = back_up(device);
        if (backup) backups_.push_back(std::move(*backup));
        return backup.has_value();
    }

    static std::optional<Backup> back_up(host::Device& device) {
        const auto opened = device.execute(FC_ADM, SFC_ADM_BACKUP_OPEN, {kName});
        if (!opened) return std::nullopt;
        Backup backup{{}, to_bytes(opened->block.bytes("mbkhash"))};
        const std::uint32_t handle = opened->block.u32("handle");
        for (bool more = true; more;) {
            const auto part = device.execute(FC_ADM, SFC_ADM_BACKUP_READ, {handle, 100000});
            if (!part) return std::nullopt;
            append(backup.entries, part->block.bytes("entries"));
            more = part->block.u8("more") != 0;
        }
        if (!device.execute(FC_ADM, SFC_ADM_BACKUP_CLOSE, {handle})) return std::nullopt;
        return backup;
    }

    static bool restore(host::Device& device, const Backup& backup) {
        const auto opened =
            device.execute(FC_ADM, SFC_ADM_RESTORE_OPEN, {kName, 4, 100000, 2, 32, backup.hash});
        if (!opened) return false;
        const std::uint32_t handle = opened->block.u32("handle");
        return device.execute(FC_ADM, SFC_ADM_RESTORE_WRITE, {handle, backup.entries}) &&
               device.execute(FC_ADM, SFC_ADM_RESTORE_COMMIT, {handle});
    }

    std::vector<Backup> backups_;
    std::uint8_t current_ = 0;
    std::optional<std::uint8_t> open_;
};

Bytes property(std::uint32_t id, ByteView value) { return compose(LAYOUT_CXI_PROPERTY, {id, value}).value(); }

Bytes number_property(std::uint32_t id, std::uint32_t value) {
    return property(id, compose("n:u4", {value}).value());
}

// AES keys generated and deleted.
class KeyWork final : public Workload {
public:
    std::string name() const override { return "keys"; }
    bool prepare(host::Device&) override { return true; }

    bool work(host::Device& device) override {
        // Of a key whose generation was never answered nobody has the handle: it stays.
        const auto old = std::ranges::find_if(
            keys_.there(), [this](const std::string& key) { return handles_.contains(key); });
        if (keys_.there().size() > 20 && old != keys_.there().end()) {
            const std::string key = *old;
            keys_.intend(key, false);
            if (!device.execute(FC_CXI, SFC_CXI_KEY_DELETE, {handles_[key]})) return false;
        } else {
            const std::string key = "K" + std::to_string(1000000 + ++count_);
            keys_.intend(key, true);
            Bytes properties = property(CXI_PROP_KEY_NAME, as_bytes(key));
            append(properties, number_property(CXI_PROP_KEY_ALGO, CXI_KEY_ALGO_AES));
            append(properties, number_property(CXI_PROP_KEY_SIZE, 256));
            const auto made = device.execute(FC_CXI, SFC_CXI_KEY_GENERATE, {0, 0, properties});
            if (!made) return false;
            handles_[key] = to_bytes(made->block.bytes("key"));
        }
        keys_.done();
        return true;
    }

    bool verify(host::Device& device, Tally& tally) override {
        std::set<std::string> seen;
        Bytes cursor;
        for (bool more = true; more;) {
            const auto rows =
                device.execute(FC_CXI, SFC_CXI_KEY_LIST,
                               {Bytes{}, compose("id:u4", {CXI_PROP_KEY_NAME}).value(), cursor, 1000});
            if (!rows) return false;
            more = rows->block.u8("more") != 0;
            cursor = to_bytes(rows->block.bytes("cursor"));
            for (ByteView rest = rows->block.bytes("keys"); !rest.empty();) {
                const auto row = parse_prefix(LAYOUT_CXI_ROW, rest);
                ByteView properties = row ? row->bytes("properties") : ByteView{};
                const auto name = parse_prefix(LAYOUT_CXI_PROPERTY, properties);
                if (!name) return false;
                seen.insert(std::string(name->text("value")));
            }
        }
        keys_.compare(seen, "key", tally);
        return true;
    }

private:
    Register keys_;
    std::map<std::string, Bytes> handles_;
    unsigned count_ = 0;
};

}  // namespace

std::vector<std::unique_ptr<Workload>> all_workloads() {
    std::vector<std::unique_ptr<Workload>> all;
    all.push_back(std::make_unique<UserWork>());
    all.push_back(std::make_unique<BatchWork>());
    all.push_back(std::make_unique<RestoreWork>());
    all.push_back(std::make_unique<KeyWork>());
    return all;
}

}  // namespace cs2sim::powerloss
