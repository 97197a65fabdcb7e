#include "firmware/profile/profile.h"

#include <algorithm>
#include <utility>

#include "firmware/profile/profile_text.h"
#include "firmware/protocol/functions.h"
#include "firmware/toml/toml.h"

namespace cs2sim {
namespace {

struct BuiltIn {
    std::string_view name;
    std::string_view text;
};

constexpr BuiltIn kBuiltIn[] = {
#include "built_in_profiles.inc"
};

using Problem = tl::unexpected<std::string>;

struct CertificationName {
    std::string_view name;
    Certification value;
};
constexpr CertificationName kCertifications[] = {
    {"none", Certification::none}, {"fips", Certification::fips}, {"cc", Certification::cc}};

// Every key that is read is noted, so that a misspelt one in a user's file is told and not passed over.
class Reader {
public:
    explicit Reader(const toml::table& table) : table_(table) {}

    template <class T>
    void read(std::string_view key, T& out) {
        const toml::node* node = take(key);
        if (!node) return;
        const auto value = node->value_exact<T>();  // 1 is no truth value
        if (!value) return complain(key, "has the wrong type");
        out = *value;
    }
    void read(std::string_view key, std::uint32_t& out, std::int64_t least, std::int64_t most) {
        const toml::node* node = take(key);
        if (!node) return;
        const auto value = node->value<std::int64_t>();
        if (!value || *value < least || *value > most) return complain(key, "is out of range");
        out = static_cast<std::uint32_t>(*value);
    }
    template <class T>
    void read_list(std::string_view key, std::vector<T>& out) {
        const toml::node* node = take(key);
        if (!node) return;
        if (!node->is_array()) return complain(key, "is not a list");
        out.clear();
        for (const toml::node& element : *node->as_array()) {
            const auto value = element.value<std::int64_t>();
            if (!value || !std::in_range<T>(*value)) return complain(key, "has an element out of range");
            out.push_back(static_cast<T>(*value));
        }
    }
    void read_functions(std::string_view key, std::vector<FunctionId>& out) {
        const toml::node* node = take(key);
        if (!node) return;
        if (!node->is_array()) return complain(key, "is not a list");
        for (const toml::node& element : *node->as_array()) {
            const auto name = element.value<std::string>();
            const FunctionSignature* function = name ? find_function(*name) : nullptr;
            if (!function) return complain(key, "has an element that is no function");
            out.push_back({function->fc, function->sfc});
        }
    }
    void complain(std::string_view key, std::string_view what) {
        if (problem_.empty()) problem_ = "'" + std::string(key) + "' " + std::string(what);
    }
    const std::vector<std::string_view>& keys() const { return taken_; }
    std::string problem() {
        for (const auto& [key, node] : table_)
            if (std::ranges::find(taken_, key.str()) == taken_.end())
                complain(key.str(), "is no key of a profile");
        return problem_;
    }

private:
    const toml::node* take(std::string_view key) {
        taken_.push_back(key);
        return table_.get(key);
    }
    const toml::table& table_;
    std::vector<std::string_view> taken_;
    std::string problem_;
};

void read_values(Reader& reader, Profile& profile, std::string& certification) {
    reader.read("model", profile.model);
    reader.read("certification", certification);
    reader.read("network", profile.network);
    reader.read("appliance_version", profile.appliance_version);
    reader.read("bootloader_version", profile.bootloader_version);
    reader.read("hardware_version", profile.hardware_version);
    reader.read_list("challenge_lengths", profile.challenge_lengths);
    reader.read("challenge_seconds", profile.challenge_seconds, 1, 86400);
    reader.read("static_logon", profile.static_logon);
    reader.read_list("session_modes", profile.session_modes);
    reader.read_list("session_mechanisms", profile.session_mechanisms);
    reader.read_list("user_mechanisms", profile.user_mechanisms);
    reader.read("session_seconds", profile.session_seconds, 1, 86400);
    reader.read("max_sessions", profile.max_sessions, 1, 100000);
    reader.read("max_sessions_without_logon", profile.max_sessions_without_logon, 1, 100000);
    reader.read("max_users_per_session", profile.max_users_per_session, 1, 255);
    reader.read("memory_without_logon", profile.memory_without_logon, 1, 65536);
    reader.read("memory_with_logon", profile.memory_with_logon, 1, 65536);
    reader.read("restart_disturbs", profile.restart_disturbs);
    reader.read("min_rsa_bits", profile.min_rsa_bits, 512, 4096);
    reader.read("max_auth_fails", profile.max_auth_fails, 0, 255);
    reader.read_functions("disabled_functions", profile.disabled_functions);
    reader.read("des3", profile.des3);
    reader.read("module_watchdog", profile.module_watchdog, 0, 86400);
    reader.read("module_crash_halts", profile.module_crash_halts);
    reader.read("dsa", profile.dsa);
    reader.read("key_authorisation", profile.key_authorisation);
    reader.read("max_key_auth_fails", profile.max_key_auth_fails, 0, 255);
    reader.read("group_expressions", profile.group_expressions);
    reader.read("factory_mbk", profile.factory_mbk);
    reader.read("hash_capitals", profile.hash_capitals);
    reader.read("show_initial", profile.show_initial);
    reader.read("show_untried", profile.show_untried);
    reader.read("show_token_hash", profile.show_token_hash);
    reader.read("volatile_keys", profile.volatile_keys, 1, 1000000);
    reader.read("volatile_kib", profile.volatile_kib, 1, 4194304);
    reader.read("p11_initial_pins", profile.p11_initial_pins);
    reader.read("p11_min_pin", profile.p11_min_pin, 1, 255);
    reader.read("p11_cluster_names", profile.p11_cluster_names);
    reader.read("p11_attributes", profile.p11_attributes);
    reader.read("p11_manufacturer", profile.p11_manufacturer);
    reader.read("p11_model", profile.p11_model);
    reader.read("p11_label", profile.p11_label);
    reader.read("p11_min_rsa_bits", profile.p11_min_rsa_bits, 512, 8192);
    reader.read("p11_max_rsa_bits", profile.p11_max_rsa_bits, 1024, 16384);
}

tl::expected<Profile, std::string> parse_profile(std::string_view name, std::string_view text) {
    const auto table = parse_toml(text, name);
    if (!table) return Problem("profile " + table.error());
    Profile profile;
    profile.name = name;
    Reader reader(*table);
    std::string certification = "none";
    read_values(reader, profile, certification);
    if (profile.p11_attributes != "all" && profile.p11_attributes != "r2")
        reader.complain("p11_attributes", "is none of all, r2");
    for (const auto& [key, told, most] :
         {std::tuple{"p11_manufacturer", &profile.p11_manufacturer, 32u},
          std::tuple{"p11_model", &profile.p11_model, 16u}, std::tuple{"p11_label", &profile.p11_label, 32u}})
        if (told->size() > most) reader.complain(key, "is too long");

    const auto* row = std::ranges::find(kCertifications, certification, &CertificationName::name);
    if (row == std::end(kCertifications)) {
        reader.complain("certification", "is none of none, fips, cc");
    } else {
        profile.certification = row->value;
    }
    if (profile.challenge_lengths.empty()) reader.complain("challenge_lengths", "is missing");
    for (std::uint16_t length : profile.challenge_lengths)
        if (length == 0 || length > 1024) reader.complain("challenge_lengths", "has an element out of range");
    if (const std::string problem = reader.problem(); !problem.empty())
        return Problem("profile " + std::string(name) + ": " + problem);
    return profile;
}

}  // namespace

tl::expected<Profile, std::string> load_profile(std::string_view name_or_path) {
    if (name_or_path.find('/') != std::string_view::npos || name_or_path.ends_with(".toml")) {
        const auto text = read_text(std::string(name_or_path));
        if (!text) return Problem("profile " + text.error());
        return parse_profile(name_or_path, *text);
    }
    for (const BuiltIn& profile : kBuiltIn)
        if (profile.name == name_or_path) return parse_profile(profile.name, profile.text);
    std::string words = "no profile '" + std::string(name_or_path) + "'; there are:";
    for (const BuiltIn& profile : kBuiltIn) words += " " + std::string(profile.name);
    return Problem(words);
}

std::string_view built_in_profile_text(std::string_view name) {
    for (const BuiltIn& profile : kBuiltIn)
        if (profile.name == name) return profile.text;
    return {};
}

std::vector<std::string_view> profile_keys() {
    const toml::table nothing;
    Reader reader(nothing);
    Profile profile;
    std::string certification;
    read_values(reader, profile, certification);
    return reader.keys();
}

std::vector<std::string> built_in_profiles() {
    std::vector<std::string> names;
    for (const BuiltIn& profile : kBuiltIn) names.emplace_back(profile.name);
    return names;
}

}  // namespace cs2sim
