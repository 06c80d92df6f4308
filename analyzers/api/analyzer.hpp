#pragma once

/// @file The contract between the pipeline and whatever takes bytes apart inside the jail.
///
/// An analyzer is a function from bytes to facts. It does no I/O, reads no clock but its Budget's,
/// starts no thread, keeps nothing between calls, lets no exception out, and decides nothing:
/// gateway/verdict does that. A broken input is no failure: it yields what could be read and an
/// AnalysisError or finding that says where reading ended.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analyzers/api/limits.hpp"
#include "analyzers/api/report.hpp"
#include "analyzers/base/bytes.hpp"

namespace postern::analyzers {

/// One thing to look at: the message, a part, a member of an archive.
struct Artifact {
    ByteView bytes;
    std::string_view type;  ///< from analyzers/taste: "mail", "zip", "html", "text", ...
    std::string_view mime;
    std::string_view name;           ///< cleaned; may be empty
    std::string_view declared_mime;  ///< may be empty
    std::string_view charset = {};   ///< of text, as declared by its part; may be empty
    std::uint32_t depth = 0;         ///< 0 for the root
    bool raw_view = false;  ///< the same bytes are also analyzed decoded: engines still scan it
    /// For engines: our analyzers found artifacts in it, which follow, and nothing that is amiss.
    bool taken_apart = false;
};

/// Something unpacked, to be tasted and analyzed in turn.
struct Child {
    std::string bytes;
    Relation relation = Relation::Extracted;
    std::string name = {};
    std::string declared_mime = {};
    std::string charset = {};
    std::vector<std::string> flags = {};
};

/// A URL before the pipeline knows which object it stands in.
struct FoundUrl {
    std::string url;
    std::string where;
    std::vector<std::string> flags = {};
};

/// `object` of findings, limits and errors is left unset: the pipeline fills it in.
struct Analysis {
    std::vector<Finding> findings;
    std::vector<Child> children;
    std::vector<FoundUrl> urls;
    std::vector<LimitHit> limits;
    std::vector<AnalysisError> errors;
    std::vector<std::string> flags;       ///< of the artifact itself
    std::string text;                     ///< readable text found, UTF-8, for preview and URLs
    std::optional<MessageFacts> message;  ///< set by mime for the root message
    std::optional<DmarcReport> dmarc_report;
};

struct Analyzer {
    std::string_view name;  ///< as it stands in errors[].analyzer
    bool (*accepts)(std::string_view type);
    Analysis (*analyze)(const Artifact& artifact, Budget& budget);
};

/// An engine has something loaded before the first fork, and looks at every artifact.
class Engine {
public:
    virtual ~Engine() = default;
    [[nodiscard]] virtual std::string_view name() const = 0;
    /// Adds findings and errors only.
    virtual void examine(const Artifact& artifact, const Budget& budget, Analysis& into) const = 0;
};

}  // namespace postern::analyzers
