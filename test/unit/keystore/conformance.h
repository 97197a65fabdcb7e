// The contract of a store (host-lib/keystore/key_store.h) as tests that every back end passes.
#pragma once

#include <functional>
#include <memory>
#include <mutex>

#include "host-lib/keystore/key_store.h"
#include "test/unit/scratch.h"

namespace cs2sim::keystore {

// What a store said in words.
class Heard {
public:
    Say listener() const {
        return [lines = lines_](std::string_view line) {
            const std::lock_guard lock(lines->mutex);
            lines->text.append(line).append("\n");
        };
    }
    std::string text() const {
        const std::lock_guard lock(lines_->mutex);
        return lines_->text;
    }
    bool has(std::string_view words) const { return text().find(words) != std::string::npos; }

private:
    struct Lines {
        std::mutex mutex;
        std::string text;
    };
    std::shared_ptr<Lines> lines_ = std::make_shared<Lines>();
};

using Store = std::unique_ptr<KeyStore>;

// Opens the store; a failure fails the test.
Store opened(const KeyStorage& storage, const Heard& heard = {});

// A key with bytes of all values in blob, label and id.
StoredKey some_key(const std::string& group, std::uint32_t spec, std::string_view label = "label");
void check_same(const StoredKey& found, const StoredKey& made);

// All of it, against an empty store with tables. `open` opens it once more, as another process would.
void check_conformance(const std::function<Store()>& open);

}  // namespace cs2sim::keystore
