#include "gateway/auth/dmarc/report/mail.hpp"

#include <zlib.h>

#include <limits>

#include "analyzers/base/base64.hpp"
#include "analyzers/base/bytes.hpp"

namespace postern::auth::dmarc {
namespace {

constexpr int kGzipWindow = 15 + 16;  // zlib: the largest window, with a gzip header
constexpr std::size_t kLine = 76;     // RFC 2045 6.8

std::string base64_lines(std::string_view bytes) {
    const std::string text = base64_encode(as_bytes(bytes));
    std::string lines;
    for (std::size_t i = 0; i < text.size(); i += kLine) {
        lines += text.substr(i, kLine) + "\r\n";
    }
    return lines;
}

}  // namespace

std::string report_file_name(const std::string& receiver, const std::string& policy_domain,
                             const ReportFacts& facts) {
    return receiver + '!' + policy_domain + '!' + std::to_string(facts.begin) + '!' +
           std::to_string(facts.end) + '!' + facts.id + ".xml.gz";
}

std::optional<std::string> gzipped(std::string_view bytes) {
    if (bytes.size() > std::numeric_limits<uInt>::max() / 2) return std::nullopt;
    z_stream stream{};
    if (::deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, kGzipWindow, 8,
                       Z_DEFAULT_STRATEGY) != Z_OK) {
        return std::nullopt;
    }
    std::string input(bytes);
    std::string output(::deflateBound(&stream, static_cast<uLong>(input.size())), '\0');
    const void* in = input.data();
    void* out = output.data();
    stream.next_in = static_cast<z_const Bytef*>(const_cast<void*>(in));
    stream.avail_in = static_cast<uInt>(input.size());
    stream.next_out = static_cast<Bytef*>(out);
    stream.avail_out = static_cast<uInt>(output.size());
    const int ended = ::deflate(&stream, Z_FINISH);
    output.resize(stream.total_out);
    ::deflateEnd(&stream);
    if (ended != Z_STREAM_END) return std::nullopt;
    return output;
}

std::optional<std::string> report_message(const AggregateReport& report, const ReportFacts& facts,
                                          const ReportMail& mail) {
    const auto packed = gzipped(report.xml(facts));
    if (!packed) return std::nullopt;
    const std::string& domain = report.policy().domain;
    const std::string boundary = "report-" + facts.id;
    const std::string name = report_file_name(mail.receiver, domain, facts);
    std::string text = "From: <" + mail.from + ">\r\nTo: <" + mail.to + ">\r\nDate: " + mail.date +
                       "\r\nSubject: Report Domain: " + domain +
                       "\r\n Submitter: " + mail.receiver + "\r\n Report-ID: <" + facts.id +
                       ">\r\nMessage-ID: <" + facts.id + "@" + mail.receiver +
                       ">\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
                       "Content-Type: multipart/mixed; boundary=\"" +
                       boundary + "\"\r\n\r\n";
    text += "--" + boundary +
            "\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n"
            "This is a DMARC aggregate report for " +
            domain + ".\r\n\r\n";
    text += "--" + boundary + "\r\nContent-Type: application/gzip; name=\"" + name +
            "\"\r\nContent-Disposition: attachment;\r\n filename=\"" + name +
            "\"\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64_lines(*packed);
    return text + "--" + boundary + "--\r\n";
}

}  // namespace postern::auth::dmarc
