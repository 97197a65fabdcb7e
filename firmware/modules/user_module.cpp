#include "firmware/modules/user_module.h"

#include <fstream>

#include "firmware/cmds/scheduler.h"
#include "firmware/cmds/tracer.h"
#include "firmware/modules/images/service_rows.h"
#include "firmware/modules/modules.h"
#include "firmware/modules/service.h"
#include "firmware/protocol/time_text.h"

namespace cs2sim {
namespace {

constexpr std::uintmax_t kLongestLog = 16 << 20;  // then it begins anew, the one before is kept

// Given back at the end of its scope.
struct TakenTurn {
    Turns& turns;
    Turn& turn;
    ~TakenTurn() { turns.give(turn); }
};

}  // namespace

void UserModule::write_log(std::string_view line) const {
    std::error_code none;
    if (const auto size = std::filesystem::file_size(log, none); !none && size > kLongestLog)
        std::filesystem::rename(log, log.string() + ".1", none);
    std::ofstream out(log, std::ios::app);
    out << date_and_time(modules_.device().smos.clock.milliseconds()) << "  " << line << '\n';
}

Result<Bytes> UserModule::locked_call(cs2sim_call kind, std::uint32_t number, ByteView data, Call* command) {
    Call* const outer = command_;
    const bool outermost = began_ == 0;
    if (command) command_ = command;
    if (outermost) began_ = monotonic_milliseconds();
    if (outermost) elsewhere_ = 0;
    auto answer = process->call(kind, number, data, *this);
    command_ = outer;
    if (outermost) began_ = 0;
    return answer;
}

Result<Bytes> UserModule::call(cs2sim_call kind, std::uint32_t number, ByteView data, Call* command) {
    Result<Bytes> answer;
    {
        if (!modules_.turns().take(turn_)) return fail(E_OS_MDL_NOT_AVAILABLE);
        const TakenTurn taken{modules_.turns(), turn_};
        if (!process) return fail(E_OS_MDL_NOT_AVAILABLE);
        answer = locked_call(kind, number, data, command);
    }
    if (!answer && process->dead()) modules_.ended(*this);
    return answer;
}

std::optional<Result<Bytes>> UserModule::call_unless_busy(cs2sim_call kind, std::uint32_t number) {
    if (!modules_.turns().take_if_free(turn_)) return std::nullopt;
    const TakenTurn taken{modules_.turns(), turn_};
    if (!process) return std::nullopt;
    return locked_call(kind, number, {}, nullptr);
}

bool UserModule::goes_on() { return modules_.goes_on(*this, began_); }

Result<Bytes> UserModule::serve(std::uint32_t service, ByteView request) {
    const auto table = service_table();
    if (service >= table.size()) return fail(E_OS_MDL_NOT_SUPP);
    const ServiceRow& row = table[service];
    auto parsed = parse(row.request, request);
    if (!parsed) return fail(E_OS_MDL_PARA_INVALID);
    const ServiceBlock block(*std::move(parsed));
    ServiceCall call(modules_, *this, modules_.device(), row, block);
    Tracer* const tracer = command_ ? modules_.device().scheduler.tracer() : nullptr;
    const bool traced = tracer && tracer->hears_services();
    const std::int64_t began = show_services || traced ? Tracer::microseconds() : 0;
    Result<Bytes> answer;
    try {
        answer = row.function(call);
    } catch (const std::bad_alloc&) {
        answer = fail(E_OS_MDL_MEM_ALLOC);
    }
    if (const FunctionSignature* as_function =
            traced ? find_service(static_cast<std::uint8_t>(service)) : nullptr)
        tracer->served(command_->context, *as_function,
                       {info.id, static_cast<std::uint8_t>(service), request}, answer, began);
    if (show_services)
        write_log("  service " + std::string(row.name) + " (" + std::to_string(request.size()) + " bytes): " +
                  (answer ? std::to_string(answer->size()) + " bytes" : hex_code(answer.error().code)) +
                  ", " + std::to_string(Tracer::microseconds() - began) + " us");
    return answer;
}

}  // namespace cs2sim
