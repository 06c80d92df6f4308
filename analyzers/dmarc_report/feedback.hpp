#pragma once

/// @file From XML events to a DmarcReport. Private to this folder.

#include <string>
#include <string_view>

#include "analyzers/api/dmarc_report.hpp"
#include "analyzers/dmarc_report/xml_reader.hpp"

namespace postern::analyzers {

/// What the rows of one report may take, in bytes of their texts; more are counted as left out.
inline constexpr std::size_t kMaxDmarcRowsSize = std::size_t{512} << 10;

/// Reads <feedback> of RFC 7489 (no namespace, or http://dmarc.org/dmarc-xml/0.1) and of RFC 9990
/// (urn:ietf:params:xml:ns:dmarc-2.0). Elements of other namespaces, and unknown ones, are passed
/// over with what they hold.
class Feedback : public XmlSink {
public:
    [[nodiscard]] bool open(std::string_view space, std::string_view name) override;
    [[nodiscard]] bool text(std::string_view piece) override;
    [[nodiscard]] bool close() override;

    /// What is missing in a report that was read whole; empty: nothing.
    [[nodiscard]] std::string_view fault() const;
    [[nodiscard]] DmarcReport take() { return std::move(report_); }

private:
    void value(std::string_view path, std::string_view text);
    void header_value(std::string_view path, std::string_view text);
    void row_value(std::string_view path, std::string_view text);
    void auth_value(std::string_view path, std::string_view text);
    void end_record();

    DmarcReport report_;
    DmarcReportRow row_;
    std::string path_;  ///< names of the open elements, "/" before each
    std::string text_;  ///< of the innermost, cut
    std::size_t rows_size_ = 0;
    std::size_t signatures_ = 0;  ///< of this record
    std::size_t spf_results_ = 0;
};

}  // namespace postern::analyzers
