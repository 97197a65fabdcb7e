#include "tools/session/value_words.h"

#include <algorithm>
#include <cctype>

#include "tools/session/arguments.h"

namespace cs2sim::tools {
namespace {

bool begins_with(std::string_view word, std::string_view typed) {
    return word.size() >= typed.size() && same_word(word.substr(0, typed.size()), typed);
}

const ValueWords* table_called(std::string_view name, std::span<const ValueWords> tables) {
    for (const ValueWords& table : tables)
        if (table.words && table.name == name) return &table;
    return nullptr;
}

std::string joined(const std::vector<std::string_view>& words, std::string_view between) {
    std::string text;
    for (const std::string_view word : words)
        text += (text.empty() ? "" : std::string(between)) + std::string(word);
    return text;
}

// "<name>  a, b, c", in lines that fit the help of a tool.
std::string listed(const std::string& name, const std::vector<std::string_view>& words) {
    constexpr std::size_t kWidth = 100;
    std::string text, line = name + " ";
    for (const std::string_view word : words) {
        if (line.size() + word.size() + 2 > kWidth) {
            text += line + "\n";
            line = std::string(name.size() + 1, ' ');
        }
        line += " " + std::string(word) + (word == words.back() ? "" : ",");
    }
    return text + line + "\n";
}

// Letters and digits, as of a value that is typed as it stands.
bool is_plain(std::string_view word) {
    return !word.empty() && std::ranges::all_of(word, [](char letter) {
        return std::isalnum(static_cast<unsigned char>(letter)) || letter == '_' || letter == '-';
    });
}

// One alternative of a place: its words, or what nobody lists.
struct Alternative {
    std::vector<std::string> words;  // "Files=" where more follows at once
    bool open = false;
    bool is_file = false;
};

using Place = std::vector<Alternative>;

struct Form {
    std::vector<Place> places;
    bool repeats = false;  // the last place

    const Place* at(std::size_t i) const {
        if (i < places.size()) return &places[i];
        return repeats ? &places.back() : nullptr;
    }
};

// "AES", "<hash>", "<setting>=<value>".
Alternative alternative(std::string_view text, std::span<const ValueWords> tables) {
    if (is_plain(text)) return {.words = {std::string(text)}};
    const std::size_t end = text.find('>');
    if (!text.starts_with('<') || end == std::string_view::npos) return {.words = {}, .open = true};
    const std::string_view name = text.substr(1, end - 1), rest = text.substr(end + 1);
    const ValueWords* table = table_called(name, tables);
    if (!table) {
        constexpr std::string_view kOfFiles[] = {"file", "folder", "key", "path", "url", "from", "to"};
        const bool is_file = std::ranges::any_of(kOfFiles, [&](std::string_view word) {
            return name == word || name.ends_with(std::string(" ") + std::string(word));
        });
        return {.words = {}, .open = true, .is_file = is_file};
    }
    Alternative found;
    for (const std::string_view word : table->words())
        found.words.push_back(std::string(word) + (rest.starts_with('=') ? "=" : ""));
    return found;
}

// "<hash>,on_hsm|on_host[,<padding>]". Brackets that begin no place ("[#<password>]") say nothing of words.
class FormReader {
public:
    FormReader(std::string_view text, std::span<const ValueWords> tables) : rest_(text), tables_(tables) {}

    Form read() {
        form_.places.emplace_back();
        while (!rest_.empty()) step();
        end_alternative();
        return std::move(form_);
    }

private:
    void step() {
        if (rest_.starts_with("[,")) {
            before_.push_back(place_);
            return next_place(2);
        }
        if (rest_.starts_with('[')) return skip(std::min(rest_.size() - 1, rest_.find(']')) + 1);
        if (rest_.starts_with(',')) return next_place(1);
        if (rest_.starts_with('|') || rest_.starts_with(']')) end_alternative();
        if (rest_.starts_with(']') && !before_.empty()) {
            place_ = before_.back();
            before_.pop_back();
        }
        if (rest_.starts_with("...")) {
            form_.repeats = true;
            return skip(3);
        }
        if (!rest_.starts_with('|') && !rest_.starts_with(']')) text_ += rest_.front();
        skip(1);
    }

    void skip(std::size_t count) { rest_.remove_prefix(count); }

    void next_place(std::size_t skipped) {
        end_alternative();
        place_ = form_.places.size();
        form_.places.emplace_back();
        skip(skipped);
    }

    void end_alternative() {
        if (!text_.empty()) form_.places[place_].push_back(alternative(text_, tables_));
        text_.clear();
    }

    std::string_view rest_;
    std::span<const ValueWords> tables_;
    Form form_;
    std::size_t place_ = 0;
    std::vector<std::size_t> before_;
    std::string text_;
};

// Of "Sign=<file> | Sign=<hash>,…" and "ListSlots[=Status]".
std::vector<Form> forms_of(std::string_view syntax, std::span<const ValueWords> tables) {
    const std::string text = written_syntax(syntax, tables);
    std::string_view rest = text;
    const std::size_t equals = rest.find('=');
    if (equals == std::string_view::npos) return {};
    const bool may_miss = equals > 0 && rest[equals - 1] == '[';
    const std::string name(rest.substr(0, equals + 1));
    rest.remove_prefix(equals + 1);
    if (may_miss && !rest.empty()) rest.remove_suffix(1);
    std::vector<Form> forms;
    constexpr std::string_view kBetween = " | ";
    for (;;) {
        if (rest.starts_with(name)) rest.remove_prefix(name.size());
        const std::size_t end = rest.find(kBetween);
        forms.push_back(FormReader(rest.substr(0, end), tables).read());
        if (end == std::string_view::npos) return forms;
        rest.remove_prefix(end + kBetween.size());
    }
}

bool fits(const Place& place, std::string_view word) {
    return std::ranges::any_of(place, [&](const Alternative& one) {
        return one.open || std::ranges::any_of(one.words, [&](const std::string& known) {
                   return known.ends_with('=') ? begins_with(word, known) : same_word(known, word);
               });
    });
}

bool fits(const Form& form, const std::vector<std::string_view>& words) {
    for (std::size_t i = 0; i < words.size(); ++i) {
        const Place* place = form.at(i);
        if (!place || !fits(*place, words[i])) return false;
    }
    return true;
}

// The words up to the last comma outside {…}.
std::vector<std::string_view> words_before(std::string_view& typed) {
    std::vector<std::string_view> words;
    int depth = 0;
    std::size_t begin = 0;
    for (std::size_t i = 0; i < typed.size(); ++i) {
        depth += typed[i] == '{' ? 1 : typed[i] == '}' ? -1 : 0;
        if (typed[i] != ',' || depth > 0) continue;
        words.push_back(typed.substr(begin, i - begin));
        begin = i + 1;
    }
    typed.remove_prefix(begin);
    return words;
}

}  // namespace

std::string written_syntax(std::string_view syntax, std::span<const ValueWords> tables) {
    std::string text(syntax);
    for (const ValueWords& table : tables) {
        const std::string name = "{" + std::string(table.name) + "}";
        const std::size_t at = text.find(name);
        if (table.words && at != std::string::npos) text.replace(at, name.size(), joined(table.words(), "|"));
    }
    return text;
}

std::string listed_words(std::string_view syntax, std::span<const ValueWords> tables) {
    std::string lines;
    for (const ValueWords& table : tables) {
        const std::string name = "<" + std::string(table.name) + ">";
        if (table.words && syntax.find(name) != std::string_view::npos) lines += listed(name, table.words());
    }
    return lines;
}

std::vector<std::string> value_completions(std::string_view syntax, std::span<const ValueWords> tables,
                                           std::string_view typed) {
    std::string_view last = typed;
    const auto before = words_before(last);
    const std::string kept(typed.substr(0, typed.size() - last.size()));
    std::vector<std::string> found;
    bool files = false;
    for (const Form& form : forms_of(syntax, tables)) {
        const Place* place = fits(form, before) ? form.at(before.size()) : nullptr;
        if (!place) continue;
        for (const Alternative& one : *place) {
            files = files || one.is_file;
            for (const std::string& word : one.words)
                if (begins_with(word, last)) found.push_back(kept + word);
        }
    }
    if (files && !found.empty()) found.emplace_back(kFilesToo);
    return found;
}

}  // namespace cs2sim::tools
