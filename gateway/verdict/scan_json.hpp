#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analyzers/api/report.hpp"
#include "gateway/auth/results.hpp"
#include "gateway/verdict/verdict.hpp"

namespace postern::verdict {

/// Who brought the message, as far as it is known.
struct EnvelopeFacts {
    std::string client_ip;    ///< empty: unknown
    std::string client_name;  ///< verified reverse name; empty: none, or unknown
    std::string helo;
    std::optional<std::string> reverse_path;  ///< "" is the null reverse-path; nullopt: unknown
    std::vector<std::string> forward_paths;
    std::string tls;  ///< "TLSv1.3 TLS_AES_256_GCM_SHA384"; empty: none
};

struct Timing {
    double auth_ms = 0;
    double analysis_ms = 0;
    double total_ms = 0;
};

/// Everything that is told of one message.
struct Scan {
    std::string id;
    std::string file;  ///< empty for mail that came by SMTP
    const EnvelopeFacts& envelope;
    const auth::Results* auth = nullptr;  ///< null: nobody looked
    const analyzers::Report& report;
    const Verdict& verdict;
    std::string reply;
    Timing timing;
};

/// One postern.scan/1 object as JSON text, without a line end. What was not looked at has no
/// member.
[[nodiscard]] std::string scan_json(const Scan& scan);

}  // namespace postern::verdict
