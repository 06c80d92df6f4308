#include "quarantine/report_sum_json.hpp"

#include <nlohmann/json.hpp>

namespace postern::quarantine {

nlohmann::json to_json(const ReportSum& sum) {
    return {{"domain", sum.domain},
            {"source_ip", sum.source_ip},
            {"count", sum.count},
            {"aligned", {{"spf", sum.spf_aligned}, {"dkim", sum.dkim_aligned}}},
            {"disposition", sum.disposition},
            {"reason", sum.reason},
            {"header_from", sum.header_from},
            {"envelope_from", sum.envelope_from},
            {"spf", sum.spf},
            {"dkim", sum.dkim},
            {"reporter", sum.reporter},
            {"sender", sum.sender},
            {"authenticated", !sum.sender.empty()},
            {"begin", sum.begin},
            {"end", sum.end}};
}

}  // namespace postern::quarantine
