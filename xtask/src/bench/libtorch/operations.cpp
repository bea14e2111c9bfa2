// Counts the operations that ATen runs in the process that this library is preloaded into, and writes them as
// lines of a count and a name to the file that RECURRENT_OPERATIONS names, when the process ends.
//
// Counted is what has work to do: not operations that only look at a tensor otherwise or reserve memory, and of
// those that are made of others the parts. On a GPU each is a kernel, or a few.

#include <ATen/record_function.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace {

const std::set<std::string> not_counted = {
    // Another look at a tensor, memory for one, or a question.
    "alias", "as_strided", "chunk", "cudnn_is_acceptable", "detach", "detach_", "empty", "empty_like",
    "empty_strided", "expand", "expand_as", "is_nonzero", "lift_fresh", "narrow", "new_empty", "new_empty_strided",
    "numpy_T", "permute", "real", "requires_grad_", "_reshape_alias", "resize_", "resolve_conj", "resolve_neg",
    "result_type", "select", "set_", "slice", "split", "split_with_sizes", "squeeze", "t", "t_", "transpose",
    "unbind", "_unsafe_view", "unsafe_split", "unsqueeze", "view", "view_as",
    // Made of others, or of nothing where there is nothing to do.
    "binary_cross_entropy_with_logits", "clone", "contiguous", "embedding", "embedding_backward", "expand_copy",
    "full", "full_like", "gru", "less_equal_", "linear", "log_sigmoid", "lstm", "matmul", "ones", "ones_like",
    "relu", "reshape", "rnn_tanh", "select_backward", "stack", "to", "_to_copy", "unsafe_chunk", "zeros",
    "zeros_like",
};

// How many operations are under way, and how many of these count for all that is below them.
thread_local std::vector<bool> open;
thread_local int counting = 0;

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
    const std::string name = function.name(), prefix = "aten::";
    const bool of_aten = name.compare(0, prefix.size(), prefix) == 0;
    const std::string plain = of_aten ? name.substr(prefix.size()) : name;
    const bool counts_itself = of_aten && counting == 0 && not_counted.count(plain) == 0;
    if (counts_itself) {
        const std::lock_guard<std::mutex> lock(counts.guard);
        ++counts.of[plain];
        ++counting;
    }
    open.push_back(counts_itself);
    return nullptr;
}

void end(const at::RecordFunction&, at::ObserverContext*) {
    if (open.empty()) return;
    if (open.back()) --counting;
    open.pop_back();
}

const int written_at_exit = std::atexit(write);
const auto handle =
    at::addGlobalCallback(at::RecordFunctionCallback(begin, end).scopes({at::RecordScope::FUNCTION}));

}  // namespace
