#include "analyzers/yara/yara.hpp"

#include <yara.h>

#include <algorithm>
#include <array>
#include <map>
#include <new>
#include <stdexcept>
#include <utility>

#include "analyzers/api/catalogue.hpp"
#include "analyzers/base/ascii.hpp"
#include "analyzers/yara/compiler.hpp"
#include "analyzers/yara/rule_metas.hpp"

namespace postern::analyzers {
namespace {

constexpr std::size_t kMaxIdentifiers = 8;  // named in a finding's detail
constexpr int kMaxSeconds = 5;              // for one object
constexpr int kFlags =
    SCAN_FLAGS_FAST_MODE | SCAN_FLAGS_NO_TRYCATCH | SCAN_FLAGS_REPORT_RULES_MATCHING;

/// libyara's own global state, counted by itself.
class Library {
public:
    Library() {
        if (yr_initialize() != ERROR_SUCCESS) throw std::runtime_error("libyara does not start");
    }
    ~Library() { yr_finalize(); }
    Library(const Library&) = delete;
    Library& operator=(const Library&) = delete;
    Library(Library&&) = delete;
    Library& operator=(Library&&) = delete;
};

struct ScannerDestroyer {
    void operator()(YR_SCANNER* scanner) const { yr_scanner_destroy(scanner); }
};

RuleInfo describe(YR_RULE* rule) {
    RuleInfo info;
    info.name = rule->identifier;
    info.file = rule->ns->name;
    RuleMetas metas;
    const char* tag = nullptr;
    yr_rule_tags_foreach(rule, tag) {
        info.tags.emplace_back(tag);
        metas.tag(tag);
    }
    YR_META* meta = nullptr;
    yr_rule_metas_foreach(rule, meta) {
        if (meta->type == META_TYPE_STRING) metas.text(meta->identifier, meta->string);
        if (meta->type == META_TYPE_INTEGER) metas.integer(meta->identifier, meta->integer);
    }
    metas.settle(info);
    return info;
}

/// What one scan collects; the callback may not throw, libyara is C.
struct Scan {
    const std::map<const YR_RULE*, std::size_t>& places;
    const std::vector<RuleInfo>& rules;
    Analysis& into;
    std::size_t matches = 0;
    bool out_of_memory = false;
};

/// "rule_name ($a, $b)"
std::string detail_of(YR_SCAN_CONTEXT* context, YR_RULE* rule) {
    std::string identifiers;
    std::size_t count = 0;
    YR_STRING* string = nullptr;
    yr_rule_strings_foreach(rule, string) {
        YR_MATCH* first = context->matches[string->idx].head;
        if (first == nullptr || string->identifier == nullptr || ++count > kMaxIdentifiers)
            continue;
        identifiers += identifiers.empty() ? "" : ", ";
        identifiers += string->identifier;
    }
    const std::string name = rule->identifier;
    return identifiers.empty() ? name : name + " (" + identifiers + ")";
}

void add_match(YR_SCAN_CONTEXT* context, YR_RULE* rule, Scan& scan) {
    const auto place = scan.places.find(rule);
    if (place == scan.places.end() || ++scan.matches > kMaxYaraMatches) return;
    const RuleInfo& info = scan.rules[place->second];
    Finding match = finding("YARA_MATCH", detail_of(context, rule));
    match.severity = info.severity;
    match.category = info.category;
    match.score = info.score;
    match.attack = info.attack;
    if (!info.description.empty()) match.explanation = info.description;
    scan.into.findings.push_back(std::move(match));
}

int on_message(YR_SCAN_CONTEXT* context, int message, void* data, void* user_data) {
    auto* scan = static_cast<Scan*>(user_data);
    if (message != CALLBACK_MSG_RULE_MATCHING) return CALLBACK_CONTINUE;
    try {
        add_match(context, static_cast<YR_RULE*>(data), *scan);
        return CALLBACK_CONTINUE;
    } catch (const std::bad_alloc&) {
        scan->out_of_memory = true;
        return CALLBACK_ABORT;
    }
}

std::string extension_of(std::string_view name) {
    const std::size_t dot = name.rfind('.');
    return dot == std::string_view::npos ? std::string{} : ascii_lower(name.substr(dot));
}

void define_variables(YR_SCANNER* scanner, const Artifact& artifact) {
    const std::string name(artifact.name);
    const std::string type(artifact.type);
    // In the order of kTextVariables.
    const std::array<std::string, kTextVariables.size()> values = {
        name,
        name,
        extension_of(name),
        type,
        type,
        std::string(artifact.mime),
        {},
        std::string(artifact.declared_mime)};
    for (std::size_t i = 0; i < values.size(); ++i) {
        yr_scanner_define_string_variable(scanner, kTextVariables.at(i), values.at(i).c_str());
    }
    yr_scanner_define_integer_variable(scanner, kDepthVariable, artifact.depth);
}

}  // namespace

struct YaraEngine::State {
    Library library;
    OwnedRules compiled;
    /// Made at the first scan: in a worker that is one new place in memory, where one from before
    /// the fork is some thirty pages to copy.
    std::unique_ptr<YR_SCANNER, ScannerDestroyer> scanner;
    std::map<const YR_RULE*, std::size_t> places;  ///< of public rules in `rules`
    std::vector<RuleInfo> rules;
    std::vector<RuleMessage> warnings;

    void adopt(Compiled from) {
        compiled = std::move(from.rules);
        warnings = std::move(from.warnings);
        YR_RULE* rule = nullptr;
        yr_rules_foreach(compiled.get(), rule) {
            if (RULE_IS_PRIVATE(rule)) continue;
            places.emplace(rule, rules.size());
            rules.push_back(describe(rule));
        }
    }

    YR_SCANNER* scanner_now() {
        if (scanner) return scanner.get();
        YR_SCANNER* created = nullptr;
        if (yr_scanner_create(compiled.get(), &created) != ERROR_SUCCESS) throw std::bad_alloc();
        scanner.reset(created);
        yr_scanner_set_flags(created, kFlags);
        return created;
    }
};

YaraEngine::YaraEngine(std::unique_ptr<State> state) : state_(std::move(state)) {
    // The first scan touches memory that every later one reuses: better here than in each worker.
    constexpr std::string_view kNothing = "\x7f nothing in particular";
    Analysis unused;
    Artifact artifact{};
    artifact.bytes = as_bytes(kNothing);
    Limits limits;
    limits.milliseconds = 1000;  // a rule that never ends shall not stop the start
    examine(artifact, Budget(limits), unused);
    forget_scanner();
}

YaraEngine::~YaraEngine() = default;

void YaraEngine::forget_scanner() {
    state_->scanner.reset();
}

Outcome<std::unique_ptr<YaraEngine>, RuleMessage> YaraEngine::load(
    std::span<const std::filesystem::path> paths) {
    auto state = std::make_unique<State>();
    std::vector<RuleMessage> unreadable;
    const std::vector<RuleFile> files = read_rule_files(paths, unreadable);
    if (!unreadable.empty()) return Failure{unreadable.front()};
    Compiled compiled = compile_rules(files);
    if (!compiled.rules) return Failure{compiled.errors.front()};
    state->adopt(std::move(compiled));
    return std::make_unique<YaraEngine>(std::move(state));
}

YaraEngine::Loaded YaraEngine::load_what_compiles(std::span<const std::filesystem::path> paths) {
    auto state = std::make_unique<State>();
    Loaded loaded;
    std::vector<RuleFile> files = read_rule_files(paths, loaded.refused);
    Compiled compiled = compile_rules(files);
    if (!compiled.rules) {
        // One by one, to find all that are bad; a compiler that has seen an error is spent.
        std::vector<RuleFile> good;
        for (RuleFile& file : files) {
            Compiled alone = compile_rules({&file, 1});
            if (alone.rules)
                good.push_back(std::move(file));
            else
                loaded.refused.push_back(alone.errors.front());
        }
        compiled = compile_rules(good);
        if (!compiled.rules) {
            // Good alone and bad together: a limit of libyara. No rules are better than some.
            loaded.refused.push_back(compiled.errors.front());
            compiled = compile_rules({});
        }
    }
    state->adopt(std::move(compiled));
    loaded.engine = std::make_unique<YaraEngine>(std::move(state));
    return loaded;
}

std::string YaraEngine::version() {
    return YR_VERSION;
}

const std::vector<RuleInfo>& YaraEngine::rules() const {
    return state_->rules;
}

const std::vector<RuleMessage>& YaraEngine::warnings() const {
    return state_->warnings;
}

void YaraEngine::examine(const Artifact& artifact, const Budget& budget, Analysis& into) const {
    const auto fail = [&](ErrorCode code, std::string detail) {
        into.errors.push_back(
            {.object = {}, .analyzer = "yara", .code = code, .detail = std::move(detail)});
    };
    const auto left = std::chrono::duration_cast<std::chrono::seconds>(budget.time_left());
    if (budget.check_time()) return fail(ErrorCode::Timeout, "no time left");
    YR_SCANNER* scanner = state_->scanner_now();
    Scan scan{state_->places, state_->rules, into};
    const auto started = Budget::Clock::now();
    define_variables(scanner, artifact);
    yr_scanner_set_callback(scanner, on_message, &scan);
    // libyara counts in seconds, and takes 0 for no limit.
    const auto seconds = std::clamp<std::int64_t>(left.count(), 1, kMaxSeconds);
    yr_scanner_set_timeout(scanner, static_cast<int>(seconds));
    const std::size_t before = into.findings.size();
    const void* bytes = artifact.bytes.data();
    const int result = yr_scanner_scan_mem(scanner, static_cast<const std::uint8_t*>(bytes),
                                           artifact.bytes.size());
    const std::chrono::duration<double, std::milli> took = Budget::Clock::now() - started;
    for (std::size_t i = before; i < into.findings.size(); ++i) into.findings[i].ms = took.count();
    if (scan.matches > kMaxYaraMatches) {
        fail(ErrorCode::Resource, std::to_string(scan.matches) + " rules match");
    }
    if (scan.out_of_memory) return fail(ErrorCode::Resource, "out of memory");
    if (result == ERROR_SCAN_TIMEOUT) return fail(ErrorCode::Timeout, "scan took too long");
    if (result != ERROR_SUCCESS)
        fail(ErrorCode::Resource, "libyara error " + std::to_string(result));
}

}  // namespace postern::analyzers
