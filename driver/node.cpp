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
        if (crowded()) {
            NodeFile* const idle = first_to_give_way();
            if (idle == nullptr) return nullptr;
            over = idle->give_way(effects);
        }
        files_.push_back(file);
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
    std::unique_ptr<NodeRequest> request;
    {
        std::lock_guard lock(mutex_);
        for (auto& file : files_) {
            std::erase_if(file->waiting_, [&](NodeFile::Waiting& waiting) {
                if (waiting.request->key() != key) return false;
                request = std::move(waiting.request);
                return true;
            });
        }
    }
    if (request) request->finish({.error = EINTR});
}

void Node::stop() {
    NodeFile::Effects effects;
    {
        std::lock_guard lock(mutex_);
        stopped_ = true;
        for (auto& file : files_) {
            for (auto& waiting : file->waiting_)
                effects.finished.push_back({std::move(waiting.request), {.error = EIO}});
            file->waiting_.clear();
            if (file->state_ == NodeFile::State::running) file->conversation_->abandon();
            if (file->bell_) effects.bells.push_back(std::move(file->bell_));
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
    std::vector<NodeFile::Waiting>::iterator first;
    for (auto& file : files_) {
        for (auto it = file->waiting_.begin(); it != file->waiting_.end(); ++it) {
            if (it->want != NodeFile::Want::node || (next != nullptr && first->turn < it->turn)) continue;
            next = file.get();
            first = it;
        }
        if (file->bell_) effects.bells.push_back(std::move(file->bell_));  // may be writable now
    }
    if (next == nullptr) return;
    holder_ = next;
    effects.finished.push_back({std::move(first->request), {}});
    next->waiting_.erase(first);
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
            std::erase_if(file->waiting_, [&](NodeFile::Waiting& waiting) {
                if (waiting.deadline > now) {
                    next_deadline_ = std::min(next_deadline_, waiting.deadline);
                    return false;
                }
                const int error = waiting.want == NodeFile::Want::node ? EBUSY : ETIMEDOUT;
                effects.finished.push_back({std::move(waiting.request), {.error = error}});
                return true;
            });
        }
        lock.unlock();
        effects.carry_out();
        lock.lock();
    }
}

}  // namespace cs2sim
