#include "tools/token/template_text.h"

#include <algorithm>
#include <boost/algorithm/string/predicate.hpp>
#include <boost/algorithm/string/trim.hpp>
#include <cctype>
#include <sstream>
#include <utility>

#include "firmware/protocol/terminal_text.h"
#include "host-lib/files/host_file.h"
#include "host-lib/pkcs11/attributes.h"
#include "host-lib/pkcs11/cryptoki/names.h"

namespace cs2sim::tools::p11 {
namespace {

using cs2sim::p11::attribute_table;
using cs2sim::p11::AttributeRow;
using cs2sim::p11::Codec;
using cs2sim::p11::constant_name;
using cs2sim::p11::constant_number;
using cs2sim::p11::find_attribute;
using cs2sim::p11::ulong_bytes;
using cs2sim::p11::ulong_of;

constexpr std::size_t kMostFile = 1 << 20;
constexpr std::size_t kMostShown = 60;
const auto kBad = fail(CKR_ATTRIBUTE_VALUE_INVALID);

thread_local std::string refused_attribute;

bool is_number_codec(Codec codec) {
    return codec == Codec::number || codec == Codec::object_class || codec == Codec::key_type ||
           codec == Codec::modulus_bits || codec == Codec::mechanism;
}

std::string unquoted(std::string text) {
    boost::algorithm::trim(text);
    if (text.size() >= 2 && text.front() == '"' && text.back() == '"') return text.substr(1, text.size() - 2);
    return text;
}

std::optional<CK_ULONG> number_in(const std::string& text) {
    if (const auto constant = constant_number(text)) return constant;
    char* end = nullptr;
    const CK_ULONG number = std::strtoul(text.c_str(), &end, 0);
    if (text.empty() || *end != '\0' || !std::isdigit(static_cast<unsigned char>(text[0])))
        return std::nullopt;
    return number;
}

std::optional<bool> flag_in(const std::string& text) {
    for (const char* on : {"CK_TRUE", "true", "1"})
        if (boost::algorithm::iequals(text, on)) return true;
    for (const char* off : {"CK_FALSE", "false", "0"})
        if (boost::algorithm::iequals(text, off)) return false;
    return std::nullopt;
}

Result<Bytes> mechanisms_in(std::string text) {
    std::ranges::replace(text, ';', ' ');
    std::istringstream words(text);
    Bytes out;
    for (std::string word; words >> word;) {
        const auto number = number_in(word);
        if (!number) return kBad;
        append(out, ulong_bytes(*number));
    }
    return out;
}

// 0xhex, or text; a "quoted text" is never hexadecimal.
Result<Bytes> bytes_in(const std::string& raw) {
    std::string text = raw;
    boost::algorithm::trim(text);
    if (text.starts_with("0x") || text.starts_with("0X")) {
        Bytes out;
        if (!from_hex(text.substr(2), out)) return kBad;
        return out;
    }
    return to_bytes(as_bytes(unquoted(text)));
}

Result<Bytes> value_in(const AttributeRow& row, const std::string& raw) {
    const std::string text = unquoted(raw);
    if (row.codec == Codec::flag || row.codec == Codec::token) {
        const auto flag = flag_in(text);
        if (!flag) return kBad;
        return Bytes{*flag ? CK_TRUE : CK_FALSE};
    }
    if (is_number_codec(row.codec)) {
        const auto number = number_in(text);
        if (!number) return kBad;
        return ulong_bytes(*number);
    }
    if (row.codec == Codec::mechanisms) return mechanisms_in(text);
    return bytes_in(raw);
}

// Members of a comma list; commas between quotes and braces do not separate.
std::vector<std::string> members(const std::string& text) {
    std::vector<std::string> all(1);
    bool quoted = false;
    int depth = 0;
    for (const char c : text) {
        if (c == '"') quoted = !quoted;
        if (!quoted && (c == '{' || c == '}')) depth += c == '{' ? 1 : -1;
        if (c == ',' && !quoted && depth <= 0)
            all.emplace_back();
        else
            all.back() += c;
    }
    return all;
}

std::string mechanisms_text(ByteView list) {
    std::string text;
    for (; list.size() >= sizeof(CK_ULONG); list = list.subspan(sizeof(CK_ULONG)))
        text += (text.empty() ? "" : " ") + constant_name("CKM", ulong_of(list.first(sizeof(CK_ULONG))));
    return text;
}

std::string number_text(const AttributeRow& row, CK_ULONG number) {
    if (row.codec == Codec::object_class) return constant_name("CKO", number);
    if (row.codec == Codec::key_type) return constant_name("CKK", number);
    if (row.codec == Codec::mechanism) return constant_name("CKM", number);
    return std::to_string(number);
}

}  // namespace

Result<void> TemplateText::add(const std::string& name, const std::string& value) {
    const std::string word = boost::algorithm::trim_copy(name);
    const auto type = constant_number(word);
    const AttributeRow* row = type ? find_attribute(*type) : nullptr;
    if (!row) return refuse(word, "is no attribute", CKR_ATTRIBUTE_TYPE_INVALID);
    if (row->codec == Codec::attributes) return add_template(*type, word, value);
    const auto parsed = value_in(*row, value);
    if (!parsed) return refuse(word, "takes no such value", CKR_ATTRIBUTE_VALUE_INVALID);
    set(*type, *parsed);
    return {};
}

Result<void> TemplateText::add_template(CK_ATTRIBUTE_TYPE type, const std::string& name,
                                        const std::string& value) {
    const std::string text = boost::algorithm::trim_copy(value);
    if (text.size() < 2 || text.front() != '{' || text.back() != '}')
        return refuse(name, "takes no such value", CKR_ATTRIBUTE_VALUE_INVALID);
    CS2SIM_TRY_LET(parsed, parse(text.substr(1, text.size() - 2)));
    const auto inner = std::make_shared<const TemplateText>(std::move(parsed));
    const std::vector<CK_ATTRIBUTE> elements = inner->attributes();
    set(type, ByteView(reinterpret_cast<const std::uint8_t*>(elements.data()),
                       elements.size() * sizeof(CK_ATTRIBUTE)));
    inner_.push_back(inner);
    return {};
}

Result<TemplateText> TemplateText::parse(const std::string& text) {
    TemplateText all;
    for (const std::string& member : members(text)) {
        if (boost::algorithm::trim_copy(member).empty()) continue;
        const std::size_t equals = member.find('=');
        if (equals == std::string::npos)
            return refuse(boost::algorithm::trim_copy(member), "is not of the form CKA_...=value",
                          CKR_ATTRIBUTE_VALUE_INVALID);
        CS2SIM_TRY(all.add(member.substr(0, equals), member.substr(equals + 1)));
    }
    return all;
}

void TemplateText::set_number(CK_ATTRIBUTE_TYPE type, CK_ULONG number) { set(type, ulong_bytes(number)); }
void TemplateText::set_flag(CK_ATTRIBUTE_TYPE type, bool flag) {
    set(type, Bytes{flag ? CK_TRUE : CK_FALSE});
}

void TemplateText::add_missing(const TemplateText& standard) {
    for (const auto& [type, value] : standard)
        if (!has(type)) set(type, value);
    inner_.insert(inner_.end(), standard.inner_.begin(), standard.inner_.end());
}

std::vector<CK_ATTRIBUTE> TemplateText::attributes() const {
    std::vector<CK_ATTRIBUTE> all;
    for (const auto& [type, value] : values_)
        all.push_back({type, const_cast<std::uint8_t*>(value.data()), value.size()});
    return all;
}

Result<CK_ATTRIBUTE_TYPE> attribute_named(const std::string& name) {
    const auto number = constant_number(name);
    if (!number) return refuse(name, "is no attribute", CKR_ATTRIBUTE_TYPE_INVALID);
    return *number;
}

Result<CK_MECHANISM_TYPE> mechanism_named(const std::string& name) {
    const auto number = constant_number(name);
    if (!number) return refuse(name, "is no mechanism", CKR_MECHANISM_INVALID);
    return *number;
}

tl::unexpected<Error> refuse(const std::string& name, const std::string& why, std::uint32_t code) {
    refused_attribute = "'" + name.substr(0, kMostShown) + "' " + why;
    return fail(code);
}

std::string take_refused_attribute() { return std::exchange(refused_attribute, {}); }

std::string value_text(CK_ATTRIBUTE_TYPE type, ByteView value) {
    const AttributeRow* row = find_attribute(type);
    if (row && (row->codec == Codec::flag || row->codec == Codec::token) && value.size() == 1)
        return value[0] != CK_FALSE ? "CK_TRUE" : "CK_FALSE";
    if (row && is_number_codec(row->codec) && value.size() == sizeof(CK_ULONG))
        return number_text(*row, ulong_of(value));
    if (row && row->codec == Codec::mechanisms) return mechanisms_text(value);
    const bool text =
        type == CKA_LABEL || type == CKA_APPLICATION || type == CKA_URL || type == CKA_UNIQUE_ID;
    if (text && is_terminal_text(as_text(value))) return "\"" + std::string(as_text(value)) + "\"";
    return value.empty() ? "" : "0x" + to_hex(value);
}

namespace {

// One line "name = value" under a heading.
Result<void> take_line(TemplateFile& file, const std::string& section, const std::string& line) {
    const std::size_t equals = line.find('=');
    if (equals == std::string::npos)
        return refuse(line, "is not of the form name=value", CKR_ATTRIBUTE_VALUE_INVALID);
    const std::string name = boost::algorithm::trim_copy(line.substr(0, equals));
    const std::string value = line.substr(equals + 1);
    if (boost::algorithm::iequals(section, "PublicKey")) return file.public_key.add(name, value);
    if (boost::algorithm::iequals(section, "PrivateKey")) return file.private_key.add(name, value);
    if (!boost::algorithm::iequals(section, "Mechanism")) return file.key.add(name, value);
    const auto number = number_in(unquoted(value));
    if (!number) return refuse(unquoted(value), "is no mechanism", CKR_MECHANISM_INVALID);
    file.mechanism = *number;
    return {};
}

}  // namespace

Result<TemplateFile> read_template_file(const std::string& path) {
    const auto content = host::read_host_input(path, kMostFile);
    if (!content) return fail(E_CSA_PARAM);
    TemplateFile file;
    std::string section;
    std::istringstream lines{std::string(as_text(*content))};
    std::size_t number = 0;
    for (std::string line; std::getline(lines, line);) {
        ++number;
        line = line.substr(0, line.find('#'));
        boost::algorithm::trim(line);
        if (line.empty()) continue;
        if (line.front() == '[') {
            section = line.substr(1, line.find(']') - 1);
            continue;
        }
        if (const auto taken = take_line(file, section, line); !taken) {
            refused_attribute.insert(0, path + ", line " + std::to_string(number) + ": ");
            return fail(taken.error());
        }
    }
    return file;
}

}  // namespace cs2sim::tools::p11
