#include "analyzers/archive/unpacking.hpp"

#include <algorithm>
#include <utility>

#include "analyzers/api/catalogue.hpp"
#include "analyzers/base/clean_text.hpp"

namespace postern::analyzers {
namespace {

constexpr std::size_t kMaxName = 1024;    // of a child, bytes; more is cut
constexpr std::size_t kMaxErrors = 20;    // of one container; the first ones tell enough
constexpr std::size_t kBlock = 64 << 10;  // zeros are charged in pieces of this size

}  // namespace

bool Unpacking::within(std::optional<LimitHit> hit) {
    if (!hit) return true;
    result_.limits.push_back(*hit);
    stopped_ = true;
    return false;
}

bool Unpacking::admit_member() {
    return !stopped_ && within(budget_.charge_name()) && within(budget_.check_time());
}

bool Unpacking::charge(std::size_t member_size, std::uint64_t count) {
    if (stopped_ || !within(budget_.check_time())) return false;
    const std::uint64_t largest = budget_.limits().object_bytes;
    if (count > largest || member_size > largest - count) {
        return within(LimitHit{.limit = Limit::Bytes,
                               .object = {},
                               .configured = largest,
                               .observed = member_size + count});
    }
    unpacked_ += count;
    return within(budget_.charge_bytes(count)) &&
           within(budget_.check_ratio(artifact_.bytes.size(), unpacked_));
}

bool Unpacking::append(std::string& member, std::string_view block) {
    if (!charge(member.size(), block.size())) return false;
    member += block;
    return true;
}

bool Unpacking::append_zeros(std::string& member, std::uint64_t count) {
    while (count > 0) {
        const std::uint64_t piece = std::min<std::uint64_t>(count, kBlock);
        if (!charge(member.size(), piece)) return false;
        member.append(static_cast<std::size_t>(piece), '\0');
        count -= piece;
    }
    return true;
}

void Unpacking::judge_name(std::string_view raw_name) {
    const NameTraits traits = name_traits(raw_name);
    if (traits.leaves_folder || traits.alternate_stream) {
        flag("path-traversal");
        find("ARCHIVE_PATH_ATTACK", raw_name);
    }
    if (traits.hides_itself) find("ARCHIVE_NAME_DISGUISED", raw_name);
    if (traits.double_extension) find("ARCHIVE_DOUBLE_EXTENSION", raw_name);
}

void Unpacking::judge_link(std::string_view raw_name, std::string_view target) {
    judge_name(raw_name);
    flag("link");
    if (!name_traits(target).leaves_folder) return;
    flag("path-traversal");
    find("ARCHIVE_PATH_ATTACK", std::string(raw_name) + " -> " + std::string(target));
}

void Unpacking::add_child(std::string content, std::string_view raw_name,
                          std::vector<std::string> flags) {
    judge_name(raw_name);
    const NameTraits traits = name_traits(raw_name);
    if (traits.leaves_folder || traits.alternate_stream) flags.emplace_back("path-traversal");
    result_.children.push_back({.bytes = std::move(content),
                                .relation = Relation::Extracted,
                                .name = clean_text(raw_name, kMaxName),
                                .declared_mime = {},
                                .charset = {},
                                .flags = std::move(flags)});
}

void Unpacking::fail(ErrorCode code, std::string_view detail) {
    if (result_.errors.size() >= kMaxErrors) return;
    result_.errors.push_back({.object = {},
                              .analyzer = "archive",
                              .code = code,
                              .detail = clean_text(detail, kMaxDetail)});
}

void Unpacking::encrypted(std::string_view raw_name) {
    flag("encrypted");
    const std::string_view what = raw_name.empty() ? "the whole archive" : raw_name;
    find("ARCHIVE_ENCRYPTED", what);
    fail(ErrorCode::Encrypted, what);
}

void Unpacking::flag(std::string_view flag) {
    auto& flags = result_.flags;
    if (std::find(flags.begin(), flags.end(), flag) == flags.end()) flags.emplace_back(flag);
}

void Unpacking::find(std::string_view code, std::string_view detail) {
    const bool there = std::any_of(result_.findings.begin(), result_.findings.end(),
                                   [&](const Finding& f) { return f.code == code; });
    if (!there) result_.findings.push_back(finding(code, detail));
}

}  // namespace postern::analyzers
