#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analyzers/api/report.hpp"
#include "gateway/verdict/verdict.hpp"

namespace postern::verdict {

/// Who brought the message, as far as it is known.
struct EnvelopeFacts {
    std::string client_ip;  ///< empty: unknown
    std::string helo;
    std::optional<std::string> reverse_path;  ///< "" is the null reverse-path; nullopt: unknown
    std::vector<std::string> forward_paths;
    std::string tls;  ///< "TLSv1.3 TLS_AES_256_GCM_SHA384"; empty: none
};

struct Timing {
    double analysis_ms = 0;
    double total_ms = 0;
};

/// One postern.scan/1 object as JSON text, without a line end. What no part of Postern finds out
/// yet has no member. `file` is empty for mail that came by SMTP.
[[nodiscard]] std::string scan_json(const std::string& id, const std::string& file,
                                    const EnvelopeFacts& envelope, const analyzers::Report& report,
                                    const Verdict& verdict, const std::string& reply,
                                    const Timing& timing);

}  // namespace postern::verdict
