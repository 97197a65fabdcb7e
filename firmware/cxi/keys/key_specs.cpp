#include "firmware/cxi/keys/key_specs.h"

#include <algorithm>

namespace cs2sim {
namespace {

bool wants_spec(const KeyObject& key) { return key.name().empty() && key.spec() == 0; }

// The highest specifier that a group gave is a note under its term. It becomes `least` when it is lower.
Result<std::uint32_t> raise_given(Batch& batch, ByteView group, std::uint32_t least) {
    CS2SIM_TRY_LET(note, batch.note(group));
    const std::uint32_t given = note.empty() ? 0 : static_cast<std::uint32_t>(big_endian(note));
    if (given >= least) return given;
    CS2SIM_TRY(batch.set_note_of(group, group, big_endian_bytes<4>(least)));
    return least;
}

// The specifier after the highest that the group has or ever gave.
Result<std::uint32_t> next_spec(Batch& batch, std::string_view group) {
    const Bytes prefix = group_term(group);
    const auto last = batch.last_term(prefix);
    if (!last && last.error().code != E_DB_NOT_FOUND) return fail(last.error());
    CS2SIM_TRY_LET(given, raise_given(batch, prefix, last ? spec_of_term(*last) : 0));
    if (given >= 0xFFFFFFFE) return fail(E_DB_NO_SPACE);
    return raise_given(batch, prefix, given + 1);
}

}  // namespace

Result<void> give_specs(Batch& batch, const std::vector<KeyObject*>& objects) {
    for (KeyObject* object : objects) {
        CS2SIM_TRY_LET(spec, next_spec(batch, object->group()));
        object->properties.set_number(CXI_PROP_KEY_SPEC, spec);
    }
    return {};
}

std::vector<KeyObject*> those_without_spec(std::initializer_list<KeyObject*> objects) {
    std::vector<KeyObject*> chosen;
    std::ranges::copy_if(objects, std::back_inserter(chosen),
                         [](const KeyObject* object) { return wants_spec(*object); });
    return chosen;
}

Result<void> retire_spec(Batch& batch, const KeyObject& key) {
    if (!key.name().empty()) return {};
    return raise_given(batch, group_term(key.group()), key.spec()).map([](std::uint32_t) {});
}

}  // namespace cs2sim
