#include "analyzers/pipeline/walk.hpp"

#include <algorithm>
#include <exception>
#include <new>
#include <optional>

#include "analyzers/api/catalogue.hpp"
#include "analyzers/base/clean_text.hpp"
#include "analyzers/base/sha256.hpp"
#include "analyzers/pipeline/disguise.hpp"
#include "analyzers/pipeline/registry.hpp"
#include "analyzers/pipeline/thinned.hpp"
#include "analyzers/taste/taste.hpp"
#include "analyzers/text/text.hpp"

namespace postern::analyzers {
namespace {

constexpr std::size_t kMaxHtmlTextUrls = 200;  // written out in HTML and no link

bool declared_message(std::string_view mime) {
    return mime == "message/rfc822" || mime == "message/global" || mime == "message/news";
}

void add_type(std::vector<std::string_view>& types, std::string_view type) {
    if (std::find(types.begin(), types.end(), type) == types.end()) types.push_back(type);
}

bool has_flag(const std::vector<std::string>& flags, std::string_view flag) {
    return std::find(flags.begin(), flags.end(), flag) != flags.end();
}

}  // namespace

Report Walk::run(ByteView root, RootKind kind, std::string_view name) {
    visit_root(root, kind, name);
    while (!pending_.empty()) {
        if (out_of_time(pending_.back().parent)) break;
        Pending next = std::move(pending_.back());
        pending_.pop_back();
        visit(std::move(next));
    }
    return std::move(report_);
}

Report Walk::give_up() {
    pending_.clear();  // frees what the error below may need
    report_.errors.push_back({.object = {},
                              .analyzer = "pipeline",
                              .code = ErrorCode::Resource,
                              .detail = "out of memory"});
    return std::move(report_);
}

bool Walk::out_of_time(std::uint32_t object) {
    const auto late = budget_.check_time();
    if (late) add_limit(*late, object);
    return late.has_value();
}

void Walk::visit_root(ByteView root, RootKind kind, std::string_view name) {
    const bool message = kind == RootKind::Message;
    Taste kindred = message ? Taste{.type = "mail", .mime = "message/rfc822", .also = {}}
                            : taste(root, name, magic_);
    Object object;
    object.path = message ? "message" : "object";
    object.name = clean_text(name, kMaxObjectName);
    object.size = root.size();
    object.type = kindred.type;
    object.mime = kindred.mime;
    object.sha256 = sha256_hex(root);
    if (const auto hit = budget_.charge_object()) add_limit(*hit, 0);
    const std::string cleaned = object.name;
    analyzed_.insert(object.sha256 + object.type);
    if (!list(std::move(object))) return;
    Current current{.artifact = {.bytes = root,
                                 .type = kindred.type,
                                 .mime = kindred.mime,
                                 .name = cleaned,
                                 .declared_mime = {},
                                 .charset = {},
                                 .depth = 0,
                                 .raw_view = message},
                    .index = 0,
                    .types = {kindred.type}};
    for (const std::string_view also : kindred.also) add_type(current.types, also);
    examine(current);
    for (const FoundUrl& url : find_text_urls(report_.message.subject, "subject", 10)) {
        add_url(url, 0);
    }
}

void Walk::visit(Pending pending) {
    Child& child = pending.child;
    const ByteView bytes = as_bytes(child.bytes);
    const Taste kindred = taste(bytes, child.name, magic_);
    Current current{.artifact = {.bytes = bytes,
                                 .type = kindred.type,
                                 .mime = kindred.mime,
                                 .name = child.name,
                                 .declared_mime = child.declared_mime,
                                 .charset = child.charset,
                                 .depth = pending.depth,
                                 .raw_view = false},
                    .index = static_cast<std::uint32_t>(report_.objects.size()),
                    .types = {kindred.type}};
    if (declared_message(child.declared_mime) && kindred.type != "mail" && kindred.type != "mbox") {
        // Whatever it looks like, a mail program opens it as a message.
        current.types.insert(current.types.begin(), "mail");
        current.artifact.type = "mail";
        current.artifact.mime = "message/rfc822";
    }
    for (const std::string_view also : kindred.also) {
        if (also == "uuencode" && kindred.type == "text") continue;  // analyzers/text reads them
        add_type(current.types, also);
    }
    current.artifact.raw_view = current.artifact.type == "mail";
    Object object;
    object.parent = pending.parent;
    object.relation = child.relation;
    object.path = std::move(pending.path);
    object.name = clean_text(child.name, kMaxObjectName);
    object.size = child.bytes.size();
    object.type = current.artifact.type;
    object.mime = current.artifact.mime;
    object.declared_mime = clean_text(child.declared_mime, kMaxObjectName);
    object.sha256 = sha256_hex(bytes);
    object.flags = std::move(child.flags);
    const bool known = !analyzed_.insert(object.sha256 + object.type).second;
    if (known) object.flags.emplace_back("repeated");
    if (!list(std::move(object))) return;
    judge(current);
    if (!known) examine(current);
}

bool Walk::list(Object object) {
    objects_size_ += object.path.size() + object.name.size() + object.declared_mime.size() + 160;
    if (objects_size_ > kMaxObjectsSize) {
        add_limit({.limit = Limit::Objects,
                   .object = {},
                   .configured = kMaxObjectsSize,
                   .observed = objects_size_},
                  0);
        pending_.clear();
        return false;
    }
    report_.objects.push_back(std::move(object));
    return true;
}

void Walk::examine(Current& current) {
    urls_.clear();
    const auto children = pending_.size();
    const auto troubles = [this] {
        return report_.findings.size() + report_.errors.size() + report_.limits.size();
    };
    const auto before = troubles();
    const std::string_view type = current.artifact.type;
    for (const Analyzer& analyzer : registry()) {
        for (const std::string_view also : current.types) {
            if (!analyzer.accepts(also)) continue;
            current.artifact.type = also;
            run_analyzer(analyzer, current);
        }
    }
    current.artifact.type = type;
    current.artifact.taken_apart = pending_.size() > children && troubles() == before;
    if (pending_.size() == children && engines_alone(type)) {
        add_flag(current.index, "engines-only");
    }
    run_engines(current);
}

void Walk::run_analyzer(const Analyzer& analyzer, const Current& current) {
    const auto failed = [&](std::string_view detail) {
        add_error({.object = {},
                   .analyzer = std::string(analyzer.name),
                   .code = ErrorCode::Resource,
                   .detail = clean_text(detail, kMaxDetail)},
                  current.index);
    };
    try {
        take(analyzer.analyze(current.artifact, budget_), current, analyzer.name);
    } catch (const std::bad_alloc&) {
        failed("out of memory");
    } catch (const std::exception& problem) {
        failed(problem.what());
    }
}

void Walk::run_engines(const Current& current) {
    Artifact shown = current.artifact;
    std::optional<std::string> thinned;
    if (shown.taken_apart && shown.type == "mail") thinned = without_encoded_bulk(shown.bytes);
    if (thinned) shown.bytes = as_bytes(*thinned);
    for (const auto& engine : engines_) {
        Analysis analysis;
        std::string failure;
        try {
            engine->examine(shown, budget_, analysis);
        } catch (const std::bad_alloc&) {
            failure = "out of memory";
        } catch (const std::exception& problem) {
            failure = problem.what();
        }
        if (!failure.empty()) {
            add_error({.object = {},
                       .analyzer = std::string(engine->name()),
                       .code = ErrorCode::Resource,
                       .detail = clean_text(failure, kMaxDetail)},
                      current.index);
        }
        for (Finding& found : analysis.findings) add_finding(std::move(found), current.index);
        for (AnalysisError& error : analysis.errors) add_error(std::move(error), current.index);
        for (const LimitHit& hit : analysis.limits) add_limit(hit, current.index);
    }
}

void Walk::take(Analysis analysis, const Current& current, std::string_view analyzer) {
    for (Finding& found : analysis.findings) add_finding(std::move(found), current.index);
    for (AnalysisError& error : analysis.errors) add_error(std::move(error), current.index);
    for (const LimitHit& hit : analysis.limits) add_limit(hit, current.index);
    for (const std::string& flag : analysis.flags) add_flag(current.index, flag);
    for (const FoundUrl& url : analysis.urls) add_url(url, current.index);
    if (analysis.message && current.index == 0) report_.message = std::move(*analysis.message);
    if (analysis.dmarc_report) add_dmarc_report(std::move(*analysis.dmarc_report), current.index);
    take_text(analysis, current, analyzer);
    take_children(std::move(analysis.children), current);
}

void Walk::take_text(const Analysis& analysis, const Current& current, std::string_view analyzer) {
    if (analyzer == "html") {
        const auto written = find_text_urls(analysis.text, "html.text", kMaxHtmlTextUrls);
        for (const FoundUrl& url : written) add_url(url, current.index);
    }
    const Object& object = report_.objects[current.index];
    const bool shown = object.relation == Relation::Part && object.name.empty() &&
                       !has_flag(object.flags, "alternate-reading");
    const bool plain = analyzer == "text";
    if (!shown || preview_is_plain_ || analysis.text.empty()) return;
    if (!plain && !report_.message.preview.empty()) return;
    report_.message.preview = clean_lines(analysis.text, kMaxPreview);
    preview_is_plain_ = plain;
}

void Walk::take_children(std::vector<Child> children, const Current& current) {
    if (children.empty()) return;
    const std::uint32_t depth = current.artifact.depth + 1;
    if (const auto hit = budget_.check_depth(depth)) {
        add_limit(*hit, current.index);
        return;
    }
    const std::string path = report_.objects[current.index].path;
    const std::size_t first = pending_.size();
    std::size_t number = 0;
    for (Child& child : children) {
        if (const auto hit = budget_.charge_object()) {
            add_limit(*hit, current.index);
            break;
        }
        Pending next{
            .child = std::move(child), .parent = current.index, .depth = depth, .path = {}};
        next.path = path + '/' + std::to_string(++number);
        if (!next.child.name.empty()) next.path += ':' + clean_text(next.child.name, kMaxPathName);
        pending_.push_back(std::move(next));
    }
    std::reverse(pending_.begin() + static_cast<std::ptrdiff_t>(first), pending_.end());
}

void Walk::judge(const Current& current) {
    const Object& object = report_.objects[current.index];
    const std::string_view type = current.artifact.type;
    const bool mismatch = contradicts(type, current.artifact.mime, object.declared_mime);
    const bool disguised = is_program(type) && (mismatch || has_harmless_extension(object.name));
    const std::string what = object.name + " (" + object.declared_mime + ") is " + object.type;
    const bool part = object.relation == Relation::Part;
    const std::string name = object.name;
    const bool bidi = has_flag(object.flags, "name-disguised");
    if (mismatch || disguised) add_flag(current.index, "type-mismatch");
    if (disguised) add_finding(finding("TYPE_MISMATCH", what), current.index);
    // Of archive members analyzers/archive has judged the names.
    if (part && has_double_extension(name)) {
        add_finding(finding("NAME_DOUBLE_EXTENSION", name), current.index);
    }
    if (part && bidi) add_finding(finding("NAME_BIDI", name), current.index);
}

}  // namespace postern::analyzers
