// A backend for tests: databases in a shelf of memory that outlives stores, as storage outlives processes.
#pragma once

#include <memory>

#include "firmware/db/backend.h"

namespace cs2sim::test {

struct MemoryShelf;
std::shared_ptr<MemoryShelf> make_memory_shelf();
std::unique_ptr<DatabaseBackend> make_memory_backend(std::shared_ptr<MemoryShelf> shelf);

}  // namespace cs2sim::test
