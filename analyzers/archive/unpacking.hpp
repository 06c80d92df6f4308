#pragma once

/// @file One container being unpacked: what every format needs to stay within the limits.

#include <string>
#include <string_view>
#include <vector>

#include "analyzers/api/analyzer.hpp"

namespace postern::analyzers {

/// Collects the Analysis of one container. Once stopped() is true nothing more is accepted: a limit
/// was hit, and what lies beyond it is not looked at.
class Unpacking {
public:
    Unpacking(const Artifact& artifact, Budget& budget) : artifact_(artifact), budget_(budget) {}

    [[nodiscard]] ByteView bytes() const { return artifact_.bytes; }
    [[nodiscard]] std::string_view type() const { return artifact_.type; }
    [[nodiscard]] std::string_view name() const { return artifact_.name; }
    /// Bytes that one more member may have.
    [[nodiscard]] std::uint64_t room() const { return budget_.room(); }
    [[nodiscard]] bool stopped() const { return stopped_; }

    /// Counts a member, read or not, and the time. False: stop.
    [[nodiscard]] bool admit_member();
    /// Appends to a member in the making, charging it. False: stop; what fits was appended.
    [[nodiscard]] bool append(std::string& member, std::string_view block);
    /// The same for a hole of a sparse file.
    [[nodiscard]] bool append_zeros(std::string& member, std::uint64_t count);

    /// `raw_name` as it stands in the container: judged and cleaned here.
    void add_child(std::string content, std::string_view raw_name,
                   std::vector<std::string> flags = {});
    /// A member that cannot become a child: its name is judged all the same.
    void judge_name(std::string_view raw_name);
    void judge_link(std::string_view raw_name, std::string_view target);

    void fail(ErrorCode code, std::string_view detail);
    void encrypted(std::string_view raw_name);
    void flag(std::string_view flag);
    /// At most one finding of a code for each container.
    void find(std::string_view code, std::string_view detail);

    [[nodiscard]] Analysis finish() { return std::move(result_); }

private:
    [[nodiscard]] bool within(std::optional<LimitHit> hit);
    [[nodiscard]] bool charge(std::size_t member_size, std::uint64_t count);

    const Artifact& artifact_;
    Budget& budget_;
    Analysis result_;
    std::uint64_t unpacked_ = 0;
    bool stopped_ = false;
};

/// What is wrong with a member's name. The last component of "../a\\b.exe" is "b.exe".
struct NameTraits {
    bool leaves_folder = false;     ///< absolute, drive, "..": written naively it lands elsewhere
    bool alternate_stream = false;  ///< "a.txt:b.exe"
    bool hides_itself = false;      ///< bidirectional or invisible characters, control characters
    bool double_extension = false;  ///< "x.pdf.exe", "x.pdf      .exe"
};
[[nodiscard]] NameTraits name_traits(std::string_view raw_name);

}  // namespace postern::analyzers
