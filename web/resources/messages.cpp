// GET /messages: one page of the list, filtered.
#include <limits>
#include <nlohmann/json.hpp>

#include "web/resources/call.hpp"
#include "web/resources/json.hpp"
#include "web/resources/readers.hpp"

namespace postern::web {
namespace {

constexpr std::int64_t kMaxPage = 500;
constexpr std::int64_t kMaxTime = std::int64_t{253402300800000};  // the year 10000
constexpr std::int64_t kNone = std::numeric_limits<std::int64_t>::min();

quarantine::Query query_of(QueryReader& reader) {
    quarantine::Query query;
    query.text = reader.text("text");
    query.verdict = reader.word("class", quarantine::parse_class);
    query.status = reader.word("status", quarantine::parse_status);
    query.sender = reader.text("sender");
    query.recipient = reader.text("recipient");
    const std::int64_t from = reader.number("received_from", 0, kMaxTime, kNone);
    const std::int64_t until = reader.number("received_until", 0, kMaxTime, kNone);
    if (from != kNone) query.received_from = from;
    if (until != kNone) query.received_until = until;
    query.page_size = static_cast<std::size_t>(reader.number("limit", 1, kMaxPage, 50));
    query.cursor = reader.text("cursor");
    return query;
}

}  // namespace

Response list_messages(Call& call) {
    QueryReader reader(call.request, {"text", "class", "status", "sender", "recipient",
                                      "received_from", "received_until", "limit", "cursor"});
    const quarantine::Query query = query_of(reader);
    if (reader.error()) return *reader.error();
    const auto page = call.store.list(query);
    if (!page) return store_failure(page.error());
    nlohmann::json messages = nlohmann::json::array();
    for (const quarantine::Summary& summary : page->records) messages.push_back(json_of(summary));
    return json_response(
        {{"messages", std::move(messages)}, {"total", page->total}, {"next", page->next}});
}

}  // namespace postern::web
