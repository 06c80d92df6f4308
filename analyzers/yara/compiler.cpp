#include "analyzers/yara/compiler.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <new>
#include <utility>

#include "analyzers/base/clean_text.hpp"

namespace postern::analyzers {
namespace {

constexpr std::size_t kMaxMessage = 400;
constexpr std::size_t kMaxMessages = 2000;

struct CompilerDestroyer {
    void operator()(YR_COMPILER* compiler) const { yr_compiler_destroy(compiler); }
};

/// What the callback writes to.
struct Listener {
    Compiled& into;
    std::string file;
};

void hear(int level, const char* /*file*/, int line, const YR_RULE* /*rule*/, const char* message,
          void* user_data) {
    auto* listener = static_cast<Listener*>(user_data);
    auto& list = level == YARA_ERROR_LEVEL_ERROR ? listener->into.errors : listener->into.warnings;
    if (list.size() >= kMaxMessages) return;
    // Of some errors libyara says nothing.
    std::string text = clean_text(message == nullptr ? "" : message, kMaxMessage);
    if (text.empty()) text = "does not compile";
    list.push_back({listener->file, line, std::move(text)});
}

void define_variables(YR_COMPILER* compiler) {
    for (const char* name : kTextVariables) yr_compiler_define_string_variable(compiler, name, "");
    yr_compiler_define_integer_variable(compiler, kDepthVariable, 0);
}

bool is_rule_file(const std::filesystem::path& path) {
    return path.extension() == ".yar" || path.extension() == ".yara";
}

std::vector<std::string> rule_paths(const std::filesystem::path& path,
                                    std::vector<RuleMessage>& unreadable) {
    std::error_code error;
    if (!std::filesystem::is_directory(path, error)) return {path.string()};
    std::vector<std::string> paths;
    std::filesystem::recursive_directory_iterator entry(path, error);
    for (; !error && entry != std::filesystem::recursive_directory_iterator();
         entry.increment(error)) {
        if (is_rule_file(entry->path())) paths.push_back(entry->path().string());
    }
    if (error) unreadable.push_back({path.string(), 0, error.message()});
    std::sort(paths.begin(), paths.end());
    return paths;
}

}  // namespace

std::vector<RuleFile> read_rule_files(std::span<const std::filesystem::path> paths,
                                      std::vector<RuleMessage>& unreadable) {
    std::vector<RuleFile> files;
    for (const std::filesystem::path& path : paths) {
        for (std::string& name : rule_paths(path, unreadable)) {
            std::ifstream in(name, std::ios::binary);
            std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
            if (in.bad() || !in.is_open()) {
                unreadable.push_back({std::move(name), 0, "cannot be read"});
            } else {
                files.push_back({std::move(name), std::move(text)});
            }
        }
    }
    return files;
}

Compiled compile_rules(std::span<const RuleFile> files) {
    Compiled result;
    YR_COMPILER* created = nullptr;
    if (yr_compiler_create(&created) != ERROR_SUCCESS) throw std::bad_alloc();
    const std::unique_ptr<YR_COMPILER, CompilerDestroyer> compiler(created);
    Listener listener{result, {}};
    yr_compiler_set_callback(compiler.get(), hear, &listener);
    yr_compiler_set_include_callback(compiler.get(), nullptr, nullptr, nullptr);
    define_variables(compiler.get());
    for (const RuleFile& file : files) {
        listener.file = file.path;
        const int errors =
            yr_compiler_add_string(compiler.get(), file.text.c_str(), file.path.c_str());
        if (errors == 0) continue;
        if (result.errors.empty()) result.errors.push_back({file.path, 0, "does not compile"});
        return result;  // after an error the compiler takes no more
    }
    YR_RULES* rules = nullptr;
    if (yr_compiler_get_rules(compiler.get(), &rules) != ERROR_SUCCESS) throw std::bad_alloc();
    result.rules.reset(rules);
    return result;
}

}  // namespace postern::analyzers
