#include "gateway/dns/validator.hpp"

#include <unbound-event.h>
#include <unbound.h>

#include <algorithm>
#include <optional>
#include <span>
#include <stdexcept>
#include <utility>

#include "gateway/dns/wire_name.hpp"

namespace postern::dns {
namespace {

constexpr int kBogus = 1;
constexpr int kSecure = 2;

void require(int code, const std::string& what) {
    if (code != UB_NOERROR) throw std::runtime_error(what + ": " + ub_strerror(code));
}

Reading failed(std::string why) {
    Reading reading;
    reading.answer.status = Status::Failed;
    reading.answer.detail = std::move(why);
    return reading;
}

/// Zones libunbound answers by itself; the configured servers are to be asked for all names.
constexpr const char* kBuiltInZones[] = {
    "localhost.",
    "127.in-addr.arpa.",
    "onion.",
    "test.",
    "invalid.",
    "home.arpa.",
    "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa."};

}  // namespace

struct Validator::Course {
    Validator* validator = nullptr;
    Ticket ticket = 0;
    std::string name;
    RecordType type = RecordType::A;
    Fetched done;
    int query = 0;  ///< libunbound's number
    std::optional<Reading> reading = {};
};

void Validator::ContextFree::operator()(ub_ctx* owned) const {
    ub_ctx_delete(owned);
}

Validator::Validator(const Loop& loop, const std::vector<Server>& servers,
                     const ValidatorLimits& limits)
    : max_records_(limits.max_records),
      context_(ub_ctx_create_event(loop.base())),
      delivery_(loop, [this] { deliver(); }) {
    if (context_ == nullptr) throw std::runtime_error("libunbound cannot start");
    configure(servers, limits);
}

Validator::~Validator() {
    context_.reset();  // before the courses it points to
}

/// The order matters: options, servers, anchor; then the zones, which ends the configuration.
void Validator::configure(const std::vector<Server>& servers, const ValidatorLimits& limits) {
    const std::string places = std::to_string(limits.in_flight);
    const std::pair<const char*, std::string> options[] = {
        {"do-not-query-localhost:", "no"},
        {"use-caps-for-id:", "yes"},
        {"edns-buffer-size:", std::to_string(kUdpPayload)},
        {"unblock-lan-zones:", "yes"},
        // A server that was silent is tried again soon, not after a quarter of an hour.
        {"infra-keep-probing:", "yes"},
        {"infra-host-ttl:", "30"},
        {"num-queries-per-thread:", places},
        {"outgoing-range:", std::to_string(std::min<std::size_t>(limits.in_flight, 1024))},
        // Our own cache stands in front; this one is for keys and delegations.
        {"msg-cache-size:", "4m"},
        {"rrset-cache-size:", "8m"},
        {"key-cache-size:", "4m"},
        {"neg-cache-size:", "1m"},
    };
    ub_ctx_debugout(context_.get(), nullptr);
    for (const auto& [name, value] : options) {
        require(ub_ctx_set_option(context_.get(), name, value.c_str()), name);
    }
    for (const Server& server : servers) {
        const std::string address = server.host() + "@" + server.port();
        require(ub_ctx_set_fwd(context_.get(), address.c_str()), "DNS server " + server.text());
    }
    require(ub_ctx_add_ta_file(context_.get(), limits.trust_anchor.c_str()), limits.trust_anchor);
    for (const char* zone : kBuiltInZones) {
        require(ub_ctx_zone_remove(context_.get(), zone), limits.trust_anchor);
    }
}

Source::Ticket Validator::fetch(const std::string& name, RecordType type, Fetched done) {
    constexpr int kClassInternet = 1;
    const Ticket ticket = ++last_ticket_;
    auto made = std::make_unique<Course>();
    Course& course = *made;
    course.validator = this;
    course.ticket = ticket;
    course.name = name;
    course.type = type;
    course.done = std::move(done);
    courses_.emplace(ticket, std::move(made));
    const int code =
        ub_resolve_event(context_.get(), (name_text(name) + ".").c_str(), static_cast<int>(type),
                         kClassInternet, &course, &Validator::on_answer, &course.query);
    if (code != UB_NOERROR) settle(course, failed(ub_strerror(code)));
    return ticket;
}

void Validator::on_answer(void* context, int code, void* packet, int size, int security, char* why,
                          int /*rate_limited*/) {
    auto& course = *static_cast<Course*>(context);
    course.query = 0;
    if (security == kBogus) {
        course.validator->settle(course,
                                 failed("DNSSEC: " + std::string(why == nullptr ? "bogus" : why)));
        return;
    }
    if (packet == nullptr || size <= 0) {
        course.validator->settle(course, failed("no usable answer, code " + std::to_string(code)));
        return;
    }
    const ByteView bytes(static_cast<const std::byte*>(packet), static_cast<std::size_t>(size));
    Reading reading = read_answer(bytes, course.name, course.type, course.validator->max_records_);
    reading.answer.secure = security == kSecure;
    course.validator->settle(course, std::move(reading));
}

/// libunbound may answer while it is being asked: the result waits for the next round of the loop.
void Validator::settle(Course& course, Reading reading) {
    course.reading.emplace(std::move(reading));
    settled_.push_back(course.ticket);
    delivery_.set(std::chrono::steady_clock::now());
}

void Validator::deliver() {
    const std::vector<Ticket> settled = std::exchange(settled_, {});
    for (const Ticket ticket : settled) {
        const auto at = courses_.find(ticket);
        if (at == courses_.end()) continue;
        const std::unique_ptr<Course> course = std::move(at->second);
        courses_.erase(at);
        course->done(std::move(*course->reading));
    }
}

void Validator::cancel(Ticket ticket) {
    const auto at = courses_.find(ticket);
    if (at == courses_.end()) return;
    if (at->second->query != 0) ub_cancel(context_.get(), at->second->query);
    courses_.erase(at);
}

std::string Validator::trouble(Ticket /*ticket*/) const {
    return "no answer that could be validated";
}

}  // namespace postern::dns
