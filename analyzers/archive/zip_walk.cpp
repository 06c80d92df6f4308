/// @file Zip files as all programs together see them: every directory, every local header, every
/// gap. What only some of them see is where attackers put things.

#include <algorithm>
#include <array>
#include <set>
#include <utility>
#include <vector>

#include "analyzers/archive/formats.hpp"
#include "analyzers/archive/zip_member.hpp"
#include "analyzers/archive/zip_records.hpp"
#include "analyzers/base/bytes.hpp"

namespace postern::analyzers {
namespace {

constexpr std::size_t kMaxEntries = std::size_t{1} << 16;  // before the name limit, for memory
constexpr std::size_t kGap = 64;  // bytes that need no explanation, e.g. data descriptors
constexpr std::size_t kMaxComment = 256;
constexpr std::size_t kMaxHiddenName = 1024;
constexpr std::string_view kSigningBlock = "APK Sig Block 42";

struct Region {
    std::size_t begin;
    std::size_t end;
    bool member;
    friend bool operator<(const Region& a, const Region& b) { return a.begin < b.begin; }
};

bool only_padding(std::string_view bytes) {
    return bytes.find_first_not_of(std::string_view("\0\r\n\t ", 5)) == std::string_view::npos;
}

class ZipWalk {
public:
    explicit ZipWalk(Unpacking& unpacking)
        : unpacking_(unpacking), file_(as_text(unpacking.bytes())) {}

    void run() {
        const std::vector<ZipDirectory> directories = find_directories(file_, kMaxEntries);
        // From the last one, which most programs believe: the earlier ones may belong to zips that
        // are members of this one.
        std::size_t accepted = 0;
        for (auto directory = directories.rbegin(); directory != directories.rend(); ++directory) {
            if (unpacking_.stopped()) return;
            if (inside_member(directory->start)) continue;
            ++accepted;
            walk(*directory);
        }
        if (accepted > 1) hidden("several archives, one behind another");
        scan_for_unlisted(accepted > 0);
        if (accepted == 0 && !regions_.empty()) hidden("no central directory");
        judge_layout();
    }

private:
    void hidden(std::string_view what) { unpacking_.find("ARCHIVE_HIDDEN_CONTENT", what); }

    [[nodiscard]] const Region* region_at(std::size_t offset) const {
        auto next = regions_.upper_bound({offset, 0, false});
        if (next == regions_.begin()) return nullptr;
        const Region& region = *--next;
        return offset < region.end ? &region : nullptr;
    }
    [[nodiscard]] bool inside_member(std::size_t offset) const {
        const Region* region = region_at(offset);
        return region != nullptr && region->member;
    }

    void walk(const ZipDirectory& directory) {
        regions_.insert({directory.start, directory.end, false});
        if (directory.comment.size() > kMaxComment && !only_padding(directory.comment)) {
            unpacking_.flag("comment");
            emit(directory.comment, "comment");
        }
        for (const ZipHeader& entry : directory.entries) {
            if (!unpacking_.admit_member()) return;
            take_listed(entry, directory.shift);
        }
    }

    void take_listed(const ZipHeader& entry, std::int64_t shift) {
        const auto said =
            static_cast<std::int64_t>(std::min<std::uint64_t>(entry.local_offset, file_.size()));
        std::int64_t at = said + shift;
        auto local = at < 0 ? std::nullopt : read_local_header(file_, static_cast<std::size_t>(at));
        if (!local) {
            at = said;
            local = read_local_header(file_, static_cast<std::size_t>(at));
        }
        if (!local) {
            unpacking_.judge_name(entry.name);
            unpacking_.fail(ErrorCode::Corrupt, "no local header: " + std::string(entry.name));
            return;
        }
        const ZipMember member{entry, *local, static_cast<std::size_t>(at), true};
        if (regions_.count({member.begin, 0, true}) != 0) {
            unpacking_.judge_name(entry.name);
            if (entry.name != local->name) unpacking_.find("ARCHIVE_OVERLAP", entry.name);
            return;
        }
        if (inside_member(member.begin)) unpacking_.find("ARCHIVE_OVERLAP", entry.name);
        compare(member);
        take(member);
    }

    /// Says where the directory and the member's own header disagree.
    void compare(const ZipMember& member) {
        const ZipHeader& a = member.claimed;
        const ZipHeader& b = member.local;
        const std::string name(a.name);
        if (a.name != b.name) hidden(name + " is also called " + std::string(b.name));
        if (a.method != b.method) hidden(name + ": two compression methods");
        if (a.encrypted() != b.encrypted()) unpacking_.find("ARCHIVE_FAKE_ENCRYPTION", a.name);
        if (b.streamed()) return;  // its sizes stand behind the data
        if (a.packed_size != b.packed_size || a.size != b.size || a.crc != b.crc) {
            hidden(name + ": two sizes or checksums");
        }
    }

    void take(const ZipMember& member) {
        const ZipHeader& header = member.claimed;
        if (header.name.ends_with('/') && header.packed_size == 0 &&
            member.local.packed_size == 0 && !member.local.streamed()) {
            regions_.insert({member.begin, member.data(), true});
            unpacking_.judge_name(header.name);
            return;
        }
        if (!zip_method_supported(header.method) && !zip_method_supported(member.local.method)) {
            give_up(member);
            return;
        }
        ZipContent content = decode_member(file_, member, unpacking_);
        if (member.encrypted() && !content.verified) {
            give_up(member);
            return;
        }
        if (member.encrypted()) unpacking_.find("ARCHIVE_FAKE_ENCRYPTION", header.name);
        add(member, std::move(content));
    }

    /// A member that we cannot read: its data is skipped by its declared size.
    void give_up(const ZipMember& member) {
        constexpr std::uint16_t kAes = 99;
        const std::size_t room = file_.size() - member.data();
        const std::uint64_t size = std::min<std::uint64_t>(member.claimed.packed_size, room);
        regions_.insert({member.begin, member.data() + static_cast<std::size_t>(size), true});
        unpacking_.judge_name(member.claimed.name);
        if (member.encrypted() || member.claimed.method == kAes || member.local.method == kAes) {
            unpacking_.encrypted(member.claimed.name);
        } else {
            unpacking_.fail(ErrorCode::Unsupported, "zip method " +
                                                        std::to_string(member.claimed.method) +
                                                        ": " + std::string(member.claimed.name));
        }
    }

    void add(const ZipMember& member, ZipContent content) {
        const ZipHeader& header = member.claimed;
        const std::size_t end = std::max(content.end, member.data());
        regions_.insert({member.begin, end, true});
        std::vector<std::string> flags;
        if (!content.verified && !unpacking_.stopped()) {
            flags.emplace_back("corrupt");
            unpacking_.fail(ErrorCode::Corrupt, header.name);
        } else if (content.verified && member.listed && content.bytes.size() != header.size) {
            hidden(std::string(header.name) + ": its size is not what is declared");
        }
        if (unpacking_.stopped()) flags.emplace_back("truncated");
        if (!member.listed) flags.emplace_back("unlisted");
        if (is_link(header)) {
            unpacking_.judge_link(header.name,
                                  std::string_view(content.bytes).substr(0, kMaxHiddenName));
        }
        unpacking_.add_child(std::move(content.bytes), header.name, std::move(flags));
    }

    /// The mode of a Unix file is in the upper half. Windows ignores it: the member stays a child.
    static bool is_link(const ZipHeader& header) {
        return (header.attributes >> 16 & 0170000) == 0120000;
    }

    /// Local headers that no directory leads to and no member's data holds.
    void scan_for_unlisted(bool directory) {
        std::size_t at = file_.find(kLocalSignature);
        while (at != std::string_view::npos && !unpacking_.stopped()) {
            const Region* region = region_at(at);
            if (region != nullptr) {
                at = file_.find(kLocalSignature, std::max(region->end, at + 1));
                continue;
            }
            const auto local = read_local_header(file_, at);
            if (local && plausible(*local)) {
                if (!unpacking_.admit_member()) return;
                if (directory) hidden(std::string(local->name) + " is not in the directory");
                take({*local, *local, at, false});
            }
            at = file_.find(kLocalSignature, at + 1);
        }
    }

    static bool plausible(const ZipHeader& header) {
        return (header.version & 0xff) <= 63 && !header.name.empty() &&
               header.name.size() <= kMaxHiddenName &&
               (zip_method_supported(header.method) || header.method <= 20 || header.method == 99);
    }

    /// Overlaps and gaps.
    void judge_layout() {
        std::size_t covered = 0;
        bool first = true;
        for (const Region& region : regions_) {
            if (unpacking_.stopped()) return;
            if (!first && region.begin < covered && region.member) {
                unpacking_.find("ARCHIVE_OVERLAP", "members overlap");
            }
            if (first && region.begin > 0) unpacking_.flag("prefix-data");
            if (!first && region.begin > covered) judge_gap(covered, region.begin);
            covered = std::max(covered, region.end);
            first = false;
        }
        if (!first) add_trailer(unpacking_, covered);
    }

    void judge_gap(std::size_t begin, std::size_t end) {
        const std::string_view gap = file_.substr(begin, end - begin);
        if (gap.size() <= kGap || only_padding(gap) || gap.ends_with(kSigningBlock)) return;
        hidden("data between the members");
        emit(gap, "slack");
    }

    void emit(std::string_view bytes, std::string_view name) {
        std::string copy;
        const bool whole = unpacking_.append(copy, bytes);
        if (whole) unpacking_.add_child(std::move(copy), name, {"slack"});
    }

    Unpacking& unpacking_;
    std::string_view file_;
    std::set<Region> regions_;  // by their beginnings
};

}  // namespace

void unpack_zip(Unpacking& unpacking) {
    ZipWalk(unpacking).run();
}

}  // namespace postern::analyzers
