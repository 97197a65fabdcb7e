// A device of the rooms below ADM, and one caller of it.
#pragma once

#include <memory>

#include "firmware/adm/adm.h"
#include "firmware/cmds/call.h"
#include "firmware/cmds/scheduler.h"
#include "firmware/cmds/sessions.h"
#include "firmware/cmds/users.h"
#include "firmware/db/test_functions/db_test_module.h"
#include "firmware/mbk/module/mbk_module.h"
#include "firmware/protocol/databases.h"
#include "test/unit/scratch.h"

namespace cs2sim {

inline constexpr std::uint32_t kSystemAdministrator = 0x02000000;
inline constexpr std::uint32_t kBackupOfUsers = 0x12000000;

class Administered {
public:
    // `earlier` does something to the state folder of a device that has been there before.
    explicit Administered(std::string_view profile_name = "se-gen2",
                          void (*earlier)(const std::filesystem::path& state) = nullptr);

    // The states of all who log on add up.
    void log_on(std::uint32_t permission) { context.users.push_back({"TESTER", permission, "", nullptr}); }
    void log_off() { context.users.clear(); }

    Result<Bytes> run(std::uint16_t fc, std::uint8_t sfc, std::initializer_list<Value> values = {});
    Result<Bytes> run_block(std::uint16_t fc, std::uint8_t sfc, ByteView block);
    Result<Bytes> adm(std::uint8_t sfc, std::initializer_list<Value> values = {}) {
        return run(FC_ADM, sfc, values);
    }
    // The only field of an answer that is a text.
    std::string text(std::uint8_t sfc);

    // Puts an MBK into slot 3; devices that import the same shares have the same.
    std::vector<MbkShare> make_mbk();

    ScratchFolder scratch;
    const Profile profile;
    const std::unique_ptr<Smos> smos;
    DatabaseStore databases{*smos};
    MbkStore mbk{*smos, databases};
    Users users{*smos, databases, profile};
    Sessions sessions{profile};
    Scheduler scheduler;
    DeviceControl control;
    Services services{profile, *smos, databases, mbk, users, sessions, scheduler};
    Context context;
};

// What one backup says and holds.
struct BackedUp {
    std::uint32_t key_length = 0;
    std::uint32_t max_size = 0;
    std::uint8_t mbk_type = 0;
    std::uint8_t mbk_length = 0;
    Bytes mbk_hash;
    std::vector<std::pair<Bytes, Bytes>> entries;
    std::size_t blocks = 0;
};

// Precondition: permitted.
BackedUp back_up(Administered& device, std::string_view name, std::uint32_t limit = 256 * 1024);

Bytes entries_of(const std::vector<std::pair<Bytes, Bytes>>& entries);

// Runs a whole restore in blocks of 200 entries. The first error ends it.
Result<std::uint32_t> restore(Administered& device, std::string_view name, const BackedUp& backup);
Result<Bytes> open_restore(Administered& device, std::string_view name, const BackedUp& backup);

}  // namespace cs2sim
