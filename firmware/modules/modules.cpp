#include "firmware/modules/modules.h"

#include <algorithm>
#include <array>
#include <thread>

#include "firmware/cmds/scheduler.h"
#include "firmware/modules/attendant.h"
#include "firmware/modules/crash_report.h"
#include "firmware/modules/images/module_image.h"
#include "firmware/modules/images/module_keys.h"
#include "firmware/modules/module_function.h"
#include "firmware/smos/flash/state_file.h"
#include "firmware/smos/loaded_files.h"

namespace cs2sim {
namespace {

constexpr std::int64_t kStartPatience = 10'000;    // ms; a device waits some seconds for a module
constexpr std::int64_t kBringUpPatience = 30'000;  // until all are ready, or have failed
constexpr std::int64_t kConsentPatience = 5'000;
constexpr std::int64_t kStopPatience = 2'000;
constexpr std::uint32_t kLongestNap = 200;
constexpr std::size_t kMostRegistrations = 16;  // function codes of one module; its process keeps 8 at a time

// What the start of a script is told (channel.h): its functions by number and name.
Bytes start_block(const UserModule& module) {
    Bytes block;
    append_big_endian(block, module.info.id, 2);
    for (unsigned sfc = 0; sfc < 256; ++sfc) {
        const FunctionSignature row = module.texts.row(module.info.id, static_cast<std::uint8_t>(sfc));
        if (!is_described(row)) continue;
        append_big_endian(block, sfc, 1);
        append_big_endian(block, row.name.size(), 2);
        append(block, as_bytes(row.name));
    }
    return block;
}

}  // namespace

Modules::Modules(Services& device, Hooks hooks) : device_(device), hooks_(std::move(hooks)) {}

Modules::~Modules() {
    withdraw_commands();
    attendant_.reset();
    stop();
}

std::filesystem::path Modules::folder() const { return device_.smos.state.root / "modules"; }

std::filesystem::path Modules::log_of(std::string_view abbreviation) const {
    return folder() / ("module-" + std::string(abbreviation) + ".log");
}

UserModule* Modules::find(std::string_view abbreviation) const {
    const auto found = std::ranges::find_if(modules_, [&](const auto& module) {
        return std::ranges::equal(
            module->info.abbreviation, abbreviation,
            [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); });
    });
    return found == modules_.end() ? nullptr : found->get();
}

UserModule* Modules::find(std::uint16_t id) const {
    const auto found = std::ranges::find(modules_, id, [](const auto& module) { return module->info.id; });
    return found == modules_.end() ? nullptr : found->get();
}

std::vector<Modules::Listed> Modules::list() const {
    std::vector<Listed> listed;
    for (const auto& module : modules_) listed.push_back({module->info, module->stage});
    for (const ModuleInfo& refused : refused_)
        if (!find(refused.id)) listed.push_back({refused, ModuleStage::failed});
    return listed;
}

void Modules::withdraw_commands() { withdrawn_at_ = monotonic_milliseconds(); }

bool Modules::goes_on(const UserModule& module, std::int64_t began) const {
    const std::int64_t now = monotonic_milliseconds();
    if (stopping_) return now - began < kStopPatience;
    const std::int64_t withdrawn = withdrawn_at_;
    if (began < withdrawn && now - withdrawn > kStopPatience) return false;
    if (module.developed) return true;  // it may stand at a breakpoint
    if (booting_) return now - began < kStartPatience;
    if (module.asked_for_consent) return now - began < kConsentPatience;
    const std::int64_t watchdog = std::int64_t{device_.profile.module_watchdog} * 1000;
    return watchdog == 0 || now - began - module.elsewhere() < watchdog;
}

// --- starting ---

void Modules::fail_start(UserModule& module, const std::string& why) const {
    module.stage = ModuleStage::failed;
    hooks_.say("module " + module.info.abbreviation + ": " + why);
    module.write_log(why);
}

// What changed since it was loaded is not started, whoever signed it, nor what nobody loaded, unless a key
// that is there has signed it. In state of versions before, what lies there counts as loaded.
FoundModules Modules::find_images() {
    const auto keys = module_keys(device_.smos.flash, device_.profile.certification);
    LoadedFiles loaded(device_.smos.nvram);
    const bool complete = loaded.complete();
    bool noted = true;
    const CheckLoad check = [&](const std::string& file, ByteView container) -> Result<void> {
        const LoadedFiles::Seen seen = loaded.compare(file, container);
        if (seen == LoadedFiles::Seen::unknown && !complete)
            noted = noted && loaded.note(file, container).has_value();
        else if (seen != LoadedFiles::Seen::as_loaded &&
                 (seen == LoadedFiles::Seen::changed || !check_container(container, keys)))
            return fail(E_OS_MDL_MSC_VERIFY_FAILED);
        return {};
    };
    FoundModules found = find_module_images(device_.smos.flash, keys, check, hooks_.say);
    if (!complete && noted) static_cast<void>(loaded.set_complete());  // else the next start does
    return found;
}

void Modules::start() {
    const Certification certification = device_.profile.certification;
    FoundModules found = find_images();
    refused_ = std::move(found.refused);
    std::vector<ModuleImage>& images = found.images;
    const auto developed = read_developed(folder());
    if (developed) take_developed(images, developed->image, hooks_.say);
    if (images.empty()) return;
    if (certification != Certification::none) {
        for (const ModuleImage& image : images)
            hooks_.say("module " + image.info.abbreviation +
                       ": not started, certified firmware runs no modules of others");
        return;
    }
    for (const ModuleImage& image : images)
        if (!image.developed)
            hooks_.say("loaded from flash: " + image.stored + ' ' + version_text(image.info.version));
    booting_ = true;
    stopping_ = false;
    if (!spawner_) spawner_ = std::make_unique<Spawner>();
    std::vector<UserModule*> running;
    for (ModuleImage& image : images) start_one(image, image.developed ? *developed : DevelopedModule{});
    for (const auto& module : modules_)
        if (module->process) running.push_back(module.get());
    if (!attendant_)
        attendant_ = std::make_unique<Attendant>(
            Attendant::Hooks{[this](UserModule& module) { ended(module); },
                             [](UserModule& module) { (void)module.call_unless_busy(CS2SIM_CALL_TASKS, 0); },
                             [this] { hooks_.alone([this] { publish_new(); }); }});
    attendant_->attend(running);
    bring_up();
    publish_new();
    booting_ = false;
}

void Modules::start_one(ModuleImage& image, const DevelopedModule& developed) {
    auto& module = *modules_.emplace_back(
        std::make_unique<UserModule>(*this, image.info, std::move(image.texts), image.developed));
    module.log = log_of(image.info.abbreviation);
    module.show_services = developed.show_services;
    const auto file = place_image(folder(), image);
    if (!file) return fail_start(module, "its image cannot be stored: " + hex_code(file.error().code));
    module.image = *file;
    const auto host = module_host(image.host);
    if (host.empty()) return fail_start(module, image.host + " is not installed");
    Result<std::unique_ptr<ModuleProcess>> process;
    spawner_->run([&] {
        process =
            ModuleProcess::start({image.info.abbreviation, module.image, host, module.log, developed.wrap});
    });
    if (!process) return fail_start(module, "no process: " + hex_code(process.error().code));
    module.process = std::move(*process);
    const auto started = module.call(CS2SIM_CALL_START, 0, start_block(module), nullptr);
    if (!started) {
        if (!module.process->dead())
            fail_start(module, "start failed with " + hex_code(started.error().code));
        module.process.reset();
    }
}

// Lets the init tasks of all modules run; true when a module's stage has changed.
bool Modules::run_round(bool end_waits, std::uint32_t& next) {
    bool changed = false;
    next = CS2SIM_NO_TASK;
    for (const auto& module : modules_) {
        const ModuleStage before = module->stage;
        if (!module->process || before >= ModuleStage::ready) continue;
        const auto answer = module->call(CS2SIM_CALL_TASKS, end_waits, {}, nullptr);
        if (answer && answer->size() == 4)
            next = std::min(next, static_cast<std::uint32_t>(big_endian(*answer)));
        changed = changed || module->stage != before;
    }
    return changed;
}

// Modules wait for one another; when nothing can change any more, the waits end with an error.
void Modules::bring_up() {
    const std::int64_t deadline = monotonic_milliseconds() + kBringUpPatience;
    const auto waiting = [](const auto& module) {
        return module->process && module->stage < ModuleStage::ready;
    };
    while (std::ranges::any_of(modules_, waiting) && monotonic_milliseconds() < deadline) {
        std::uint32_t next = CS2SIM_NO_TASK;
        if (run_round(false, next)) continue;
        if (next != CS2SIM_NO_TASK)
            std::this_thread::sleep_for(std::chrono::milliseconds(std::min(next, kLongestNap)));
        else if (!run_round(true, next) && next == CS2SIM_NO_TASK)
            break;
    }
    for (const auto& module : modules_) {
        if (waiting(module)) fail_start(*module, "it did not become ready");
        if (module->stage == ModuleStage::ready)
            hooks_.say("module " + module->info.abbreviation + ": ready, " +
                       version_text(module->info.version));
    }
}

// --- functions ---

Result<void> Modules::registered(UserModule& module, std::uint16_t fc, std::vector<std::uint8_t> present) {
    const std::lock_guard lock(mutex_);
    if (module.registrations.size() >= kMostRegistrations) return fail(E_CMDS_NO_MEM);
    for (const auto& other : modules_)
        for (const auto& one : other->registrations)
            if (one->fc == fc) return fail(E_CMDS_IN_USE);
    if (device_.scheduler.has_module(fc)) return fail(E_CMDS_IN_USE);
    auto registration = std::make_unique<UserModule::Registration>();
    registration->fc = fc;
    for (std::size_t sfc = 0; sfc < present.size() && sfc < 256; ++sfc) {
        if (present[sfc] == 0) continue;
        registration->functions.push_back({static_cast<std::uint8_t>(sfc), run_module_function});
        registration->rows.push_back(module.texts.row(fc, static_cast<std::uint8_t>(sfc)));
    }
    module.registrations.push_back(std::move(registration));
    if (!booting_) attendant_->wake();
    return {};
}

Result<void> Modules::unregistered(UserModule& module, std::uint16_t fc) {
    const std::lock_guard lock(mutex_);
    for (const auto& one : module.registrations)
        if (one->fc == fc && !one->withdrawn) {
            one->withdrawn = true;
            if (!booting_) attendant_->wake();
            return {};
        }
    return fail(E_CMDS_BAD_FC);
}

// Precondition: no command runs.
void Modules::publish_new() {
    const std::lock_guard lock(mutex_);
    for (const auto& module : modules_) {
        for (const auto& one : module->registrations) {
            if (one->withdrawn && one->published) (void)device_.scheduler.withdraw(one->fc);
            if (one->withdrawn || one->published) continue;
            one->published = true;
            const auto done =
                device_.scheduler.publish({one->fc, one->functions, ModuleState(*module), one->rows});
            if (!done)
                hooks_.say("module " + module->info.abbreviation +
                           ": functions not published: " + hex_code(done.error().code));
        }
        std::erase_if(module->registrations, [](const auto& one) { return one->withdrawn; });
    }
}

// --- ends ---

void Modules::ended(UserModule& module) {
    const std::lock_guard lock(end_mutex_);
    if (module.end_told || stopping_) return;
    module.end_told = true;
    module.stage = ModuleStage::failed;
    const ModuleEnd end = module.process->end();
    module.write_log("FAILED: " + end.what);
    const auto lines = source_lines(module.image, end.image, end.frames);
    for (const std::string& line : lines) module.write_log("    " + line);
    const std::string where = lines.empty() ? "" : " in " + lines.front();
    tell_failure("module " + module.info.abbreviation + " failed: " + end.what + where);
}

void Modules::tell_failure(const std::string& text) const {
    hooks_.say(text);
    (void)device_.smos.audit_log.write(AUDIT_FIRMWARE, "[] " + text);
    if (device_.profile.module_crash_halts) hooks_.halt();
}

void Modules::critical(const UserModule& module, std::uint32_t code) const {
    const std::string text = "critical error " + hex_code(code);
    module.write_log(text);
    tell_failure("module " + module.info.abbreviation + ": " + text);
}

Result<void> Modules::consent(std::uint16_t id, bool to_replacement) {
    UserModule* const module = find(id);
    if (!module || !module->process || module->process->dead()) return {};
    module->asked_for_consent = true;
    const auto said =
        module->call(to_replacement ? CS2SIM_CALL_PRE_REPLACE : CS2SIM_CALL_PRE_DELETE, 0, {}, nullptr);
    module->asked_for_consent = false;
    if (!said && !module->process->dead()) return fail(said.error());
    return {};  // one that has ended cannot object
}

void Modules::stop_one(UserModule& module) {
    if (module.process && !module.process->dead()) {
        const auto stopped = module.call(CS2SIM_CALL_STOP, 0, {}, nullptr);
        if (!stopped) module.write_log("stop answered " + hex_code(stopped.error().code));
    }
    for (const auto& one : module.registrations)
        if (one->published) (void)device_.scheduler.withdraw(one->fc);
}

void Modules::remove(std::uint16_t id) {
    std::erase_if(refused_, [id](const ModuleInfo& refused) { return refused.id == id; });
    UserModule* const module = find(id);
    if (!module) return;
    std::vector<UserModule*> others;
    for (const auto& one : modules_)
        if (one.get() != module && one->process) others.push_back(one.get());
    if (attendant_) attendant_->attend(others);
    stopping_ = true;
    stop_one(*module);
    stopping_ = false;
    std::erase_if(modules_, [&](const auto& one) { return one.get() == module; });
}

void Modules::stop() {
    refused_.clear();
    if (attendant_) attendant_->attend({});
    stopping_ = true;
    while (!modules_.empty()) {
        stop_one(*modules_.back());
        modules_.pop_back();
    }
    stopping_ = false;
}

}  // namespace cs2sim
