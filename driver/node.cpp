#include "driver/node.h"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace cs2sim {

std::shared_ptr<NodeFile> Node::open(std::unique_ptr<Conversation> conversation) {
    auto file = std::make_shared<NodeFile>(*this, std::move(conversation));
    NodeFile::Effects effects;
    std::unique_ptr<Conversation> over;  // ends after the lock is released
    {
        std::lock_guard lock(mutex_);
        NodeFile* const idle = crowded() ? first_to_give_way() : nullptr;
        if (idle == nullptr && crowded()) return nullptr;
        files_.push_back(file);
        if (idle != nullptr) over = idle->give_way(effects);
    }
    effects.carry_out();
    return file;
}

bool Node::full() const {
    std::lock_guard lock(mutex_);
    return stopped_ || (crowded() && first_to_give_way() == nullptr);
}

// Who gave way stays in the list until its last descriptor is closed.
bool Node::crowded() const {
    if (files_.size() < max_files_) return false;
    const auto served = std::ranges::count_if(files_, [](const auto& file) { return file->served(); });
    return static_cast<std::size_t>(served) >= max_files_;
}

NodeFile* Node::first_to_give_way() const {
    const auto now = std::chrono::steady_clock::now();
    NodeFile* first = nullptr;
    for (const auto& file : files_)
        if (file->may_give_way(now) && (first == nullptr || file->last_used_ < first->last_used_))
            first = file.get();
    return first;
}

void Node::forget(NodeFile* file) {
    std::shared_ptr<NodeFile> last;  // released after the lock
    std::lock_guard lock(mutex_);
    const auto found =
        std::find_if(files_.begin(), files_.end(), [&](auto& each) { return each.get() == file; });
    if (found == files_.end()) return;
    last = std::move(*found);
    *found = std::move(files_.back());
    files_.pop_back();
}

void Node::interrupt(const void* key) {
    NodeFile::Effects effects;
    {
        std::lock_guard lock(mutex_);
        for (auto& file : files_)
            for (auto next = file->waiting_.begin(); next != file->waiting_.end();)
                if (const auto one = next++; one->request->key() == key)
                    effects.finish(file->waiting_, one, {.error = EINTR});
    }
    effects.carry_out();
}

void Node::stop() {
    NodeFile::Effects effects;
    {
        std::lock_guard lock(mutex_);
        stopped_ = true;
        for (auto& file : files_) {
            for (auto& waiting : file->waiting_) waiting.outcome = {.error = EIO};
            effects.finished.splice(effects.finished.end(), file->waiting_);
            if (file->state_ == NodeFile::State::running) file->conversation_->abandon();
            effects.pollers.splice(effects.pollers.end(), file->poller_);
        }
        deadline_moved_.notify_all();
    }
    effects.carry_out();
    if (deadlines_.joinable()) deadlines_.join();
}

void Node::close_all() {
    std::lock_guard lock(mutex_);
    holder_ = nullptr;
    files_.clear();
}

// The holder has let go: the longest waiting taker has it next.
void Node::hand_over(NodeFile::Effects& effects) {
    holder_ = nullptr;
    NodeFile* next = nullptr;
    NodeFile::Requests::iterator first;
    for (auto& file : files_) {
        for (auto it = file->waiting_.begin(); it != file->waiting_.end(); ++it) {
            if (it->want != NodeFile::Want::node || (next != nullptr && first->turn < it->turn)) continue;
            next = file.get();
            first = it;
        }
        effects.pollers.splice(effects.pollers.end(), file->poller_);  // may be writable now
    }
    if (next == nullptr) return;
    holder_ = next;
    effects.finish(next->waiting_, first, {});
}

void Node::expect(Instant deadline) {
    if (!deadlines_.joinable()) deadlines_ = std::thread([this] { watch_deadlines(); });
    if (deadline >= next_deadline_) return;
    next_deadline_ = deadline;
    deadline_moved_.notify_one();
}

void Node::watch_deadlines() {
    std::unique_lock lock(mutex_);
    while (!stopped_) {
        if (next_deadline_ == kNever) {
            deadline_moved_.wait(lock);
            continue;
        }
        deadline_moved_.wait_until(lock, next_deadline_);
        const Instant now = std::chrono::steady_clock::now();
        if (now < next_deadline_) continue;

        NodeFile::Effects effects;
        next_deadline_ = kNever;
        for (auto& file : files_) {
            for (auto next = file->waiting_.begin(); next != file->waiting_.end();) {
                const auto one = next++;
                if (one->deadline > now)
                    next_deadline_ = std::min(next_deadline_, one->deadline);
                else
                    effects.finish(file->waiting_, one,
                                   {.error = one->want == NodeFile::Want::node ? EBUSY : ETIMEDOUT});
            }
        }
        lock.unlock();
        effects.carry_out();
        lock.lock();
    }
}

}  // namespace cs2sim
