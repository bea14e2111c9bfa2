// Counts the operations that ATen runs in the process that this library is preloaded into, and writes them as
// lines of a count and a name to the file that RECURRENT_OPERATIONS names, when the process ends.
//
// Counted is what has work to do: not operations that only look at a tensor otherwise or reserve memory, and of
// those that call others only the innermost. On a GPU each is a kernel or a few.

#include <ATen/record_function.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace {

const std::set<std::string> without_work = {
    "alias", "as_strided", "chunk", "detach", "detach_", "empty", "empty_like", "empty_strided", "expand",
    "expand_as", "lift_fresh", "narrow", "new_empty", "new_empty_strided", "permute", "real", "requires_grad_",
    "_reshape_alias", "reshape", "resize_", "resolve_conj", "resolve_neg", "result_type", "select", "set_",
    "slice", "split", "split_with_sizes", "squeeze", "t", "transpose", "t_", "unbind", "_unsafe_view",
    "unsafe_split", "unsqueeze", "view", "view_as", "is_nonzero", "numpy_T",
};

// The operations under way, and whether one below had work.
thread_local std::vector<std::pair<std::string, bool>> open;

struct Counts {
    std::mutex guard;
    std::map<std::string, long> of;
};

// Never destroyed: others may compute until the very end.
Counts& counts = *new Counts;

void write() {
    const std::lock_guard<std::mutex> lock(counts.guard);
    if (const char* path = std::getenv("RECURRENT_OPERATIONS")) {
        std::ofstream file(path);
        for (const auto& [name, count] : counts.of) file << count << ' ' << name << '\n';
    }
}

std::unique_ptr<at::ObserverContext> begin(const at::RecordFunction& function) {
    open.emplace_back(function.name(), false);
    return nullptr;
}

void end(const at::RecordFunction&, at::ObserverContext*) {
    if (open.empty()) return;
    const auto [name, below] = open.back();
    open.pop_back();
    const std::string prefix = "aten::";
    const bool of_aten = name.compare(0, prefix.size(), prefix) == 0;
    const std::string plain = of_aten ? name.substr(prefix.size()) : name;
    const bool works = of_aten && !below && without_work.count(plain) == 0;
    if (works) {
        const std::lock_guard<std::mutex> lock(counts.guard);
        ++counts.of[plain];
    }
    if ((works || below) && !open.empty()) open.back().second = true;
}

const int written_at_exit = std::atexit(write);
const auto handle =
    at::addGlobalCallback(at::RecordFunctionCallback(begin, end).scopes({at::RecordScope::FUNCTION}));

}  // namespace
