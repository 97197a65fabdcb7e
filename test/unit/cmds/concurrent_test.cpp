// Many conversations at once: no session sees another's state.
#include <atomic>
#include <functional>
#include <thread>

#include "test/unit/cmds/host.h"

using namespace cs2sim;

namespace {

constexpr std::size_t kConversations = 500;
constexpr std::size_t kThreads = 8;
constexpr std::size_t kUsers = 16;
constexpr std::string_view kPassword = "a good password";

std::string user_name(std::size_t i) { return "U" + std::to_string(i % kUsers); }

// No two users have the same: one nibble of the lower six is 1 or 2 or 3.
std::uint32_t permission_of(std::size_t i) {
    const std::size_t user = i % kUsers;
    return static_cast<std::uint32_t>(user / 6 + 1) << 4 * (user % 6);
}

// The state that the device names must be this conversation's user's and nobody else's.
bool sees_itself(Caller& caller, std::size_t i) {
    const auto answer = caller.cmds(SFC_CMDS_GET_AUTH_STATE);
    if (!answer) return false;
    const auto block = parse(find_function(FC_CMDS, SFC_CMDS_GET_AUTH_STATE)->answer, *answer);
    if (!block || block->u16("count") != 1 || block->u32("state") != permission_of(i)) return false;
    ByteView users = block->bytes("users");
    const auto user = parse_prefix(LAYOUT_AUTH_USER, users);
    return user && user->text("short").starts_with(user_name(i)) && users.empty();
}

// Runs `work(i)` for each conversation, spread over the threads.
void spread(const std::function<void(std::size_t)>& work) {
    std::vector<std::jthread> threads;
    for (std::size_t t = 0; t < kThreads; ++t)
        threads.emplace_back([&, t] {
            for (std::size_t i = t; i < kConversations; i += kThreads) work(i);
        });
}

}  // namespace

TEST_CASE("five hundred conversations with sessions of their own do not see each other's state") {
    Simulated device("fw-5.x");
    Caller admin(device);
    admin.as_admin();
    for (std::size_t u = 0; u < kUsers; ++u)
        REQUIRE(admin.add_user(user_name(u), permission_of(u), kPassword));

    std::vector<std::unique_ptr<Caller>> callers;
    for (std::size_t i = 0; i < kConversations; ++i) callers.push_back(std::make_unique<Caller>(device));

    std::atomic<std::size_t> logged_on{0};
    spread([&](std::size_t i) {
        logged_on += callers[i]->open_session() && callers[i]->logon(user_name(i), kPassword);
    });
    REQUIRE(logged_on == kConversations);

    // all sessions are open now; their commands interleave
    std::atomic<std::size_t> right{0};
    std::atomic<std::size_t> echoed{0};
    for (int round = 0; round < 4; ++round)
        spread([&](std::size_t i) {
            right += sees_itself(*callers[i], i);
            const std::string text = "conversation " + std::to_string(i);
            const auto echo = callers[i]->cmds(SFC_CMDS_ECHO, {text});
            echoed += echo && as_text(*echo) == text;
        });
    CHECK(right == 4 * kConversations);
    CHECK(echoed == 4 * kConversations);

    // half of them log off; the other half does not notice
    spread([&](std::size_t i) {
        if (i % 2 == 0) (void)callers[i]->cmds(SFC_CMDS_CLOSE_SESSION);
    });
    std::atomic<std::size_t> closed{0};
    std::atomic<std::size_t> open{0};
    spread([&](std::size_t i) {
        if (i % 2 == 0)
            closed += code_of(callers[i]->cmds(SFC_CMDS_GET_AUTH_STATE)) == E_CMDS_SM_SESS_CLOSED;
        else
            open += sees_itself(*callers[i], i);
    });
    CHECK(closed == kConversations / 2);
    CHECK(open == kConversations / 2);
}

TEST_CASE("a session's number is of no use on another connection, nor its users' rights") {
    Simulated device;
    Caller admin(device);
    admin.as_admin();
    REQUIRE(admin.cmds(SFC_CMDS_GET_AUTH_STATE));
    std::atomic<std::size_t> refused{0};
    {
        std::vector<std::jthread> thieves;
        for (std::size_t t = 0; t < kThreads; ++t)
            thieves.emplace_back([&] {
                Caller thief(device);
                refused += code_of(thief.frame(admin.last_envelope())) == E_CMDS_SM_ID;
                refused += code_of(thief.add_user("ALICE", 2, kPassword)) == E_CMDS_DENIED;
            });
    }
    CHECK(refused == 2 * kThreads);
    CHECK(admin.add_user("ALICE", 2, kPassword));  // the owner works on
}

TEST_CASE("guesses made in parallel do not outrun the counter of failed logons") {
    Simulated device;
    Caller admin(device);
    REQUIRE(admin.as_admin().add_user("ALICE", 2, kPassword));
    constexpr std::size_t kLimit = 5;
    REQUIRE(admin.cmds(SFC_CMDS_SET_MAX_AUTH_FAILS, {kLimit}));
    std::atomic<std::size_t> failed{0};
    std::atomic<std::size_t> locked{0};
    {
        std::vector<std::jthread> guessers;
        for (std::size_t t = 0; t < kThreads; ++t)
            guessers.emplace_back([&] {
                Caller caller(device);
                if (!caller.open_session()) return;
                for (int i = 0; i < 4; ++i) {
                    const std::uint32_t code = code_of(caller.logon("ALICE", "wrong"));
                    failed += code == E_CMDS_AUTH_FAILED;
                    locked += code == E_CMDS_AUTH_FAIL_CNT_EXCEEDED;
                }
            });
    }
    CHECK(failed == kLimit);
    CHECK(locked == kThreads * 4 - kLimit);
}
