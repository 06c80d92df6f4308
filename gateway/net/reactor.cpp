#include "gateway/net/reactor.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

namespace postern::net {
namespace {

constexpr std::size_t kScratch = std::size_t{64} << 10U;
constexpr int kEventsAtOnce = 128;
constexpr int kAcceptsAtOnce = 16;  // so that reactors share a rush
constexpr int kTaskRounds = 16;     // answers given at once lead to the next question
constexpr std::chrono::milliseconds kAcceptPause{100};
constexpr std::uint64_t kInboxTag = 0;
constexpr std::uint64_t kFirstConnection = 1'000'000;  // below: listeners, by index plus one

// Ids are never used twice in a process: an answer that comes late finds nobody.
std::atomic<std::uint64_t> next_id{kFirstConnection};

struct Endpoint {
    mail::IpAddress address;
    std::uint16_t port;
};

Endpoint endpoint_of(const sockaddr_storage& storage) {
    mail::IpAddress::Bytes bytes{};
    if (storage.ss_family == AF_INET6) {
        sockaddr_in6 address{};
        std::memcpy(&address, &storage, sizeof address);
        std::memcpy(bytes.data(), &address.sin6_addr, bytes.size());
        return {mail::IpAddress::from_bytes(bytes), ntohs(address.sin6_port)};
    }
    sockaddr_in address{};
    std::memcpy(&address, &storage, sizeof address);
    bytes[10] = 0xff;
    bytes[11] = 0xff;
    std::memcpy(bytes.data() + 12, &address.sin_addr, sizeof address.sin_addr);
    return {mail::IpAddress::from_bytes(bytes), ntohs(address.sin_port)};
}

std::optional<Endpoint> own_endpoint(int socket) {
    sockaddr_storage storage{};
    socklen_t size = sizeof storage;
    void* raw = &storage;
    if (::getsockname(socket, static_cast<sockaddr*>(raw), &size) != 0) return std::nullopt;
    return endpoint_of(storage);
}

bool listed(const std::vector<mail::Cidr>& networks, const mail::IpAddress& address) {
    return std::any_of(networks.begin(), networks.end(),
                       [&](const mail::Cidr& network) { return network.contains(address); });
}

void watch(int epoll, int how, int descriptor, std::uint32_t events, std::uint64_t tag) {
    epoll_event event{};
    event.events = events;
    event.data.u64 = tag;
    if (::epoll_ctl(epoll, how, descriptor, &event) != 0) {
        throw std::system_error(errno, std::generic_category(), "epoll_ctl");
    }
}

}  // namespace

Reactor::Reactor(const Reception& reception)
    : reception_(reception),
      observer_(reception.surroundings.observer),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      inbox_(std::make_shared<Inbox>()),
      scratch_(kScratch) {
    if (!epoll_) throw std::system_error(errno, std::generic_category(), "epoll_create1");
    watch(epoll_.get(), EPOLL_CTL_ADD, inbox_->descriptor(), EPOLLIN, kInboxTag);
    listen_again();
}

Reactor::~Reactor() {
    inbox_->close();
}

void Reactor::run() {
    inbox_->attach();
    std::array<epoll_event, kEventsAtOnce> events{};
    while (!stopping_ || !entries_.empty()) {
        const int count = ::epoll_wait(epoll_.get(), events.data(), kEventsAtOnce, wait_time());
        for (int i = 0; i < count; ++i) {
            const epoll_event& event = events.at(static_cast<std::size_t>(i));
            handle(event.data.u64, event.events);
        }
        check_deadlines();
        run_tasks();
        settle_touched();
    }
    inbox_->close();
}

/// Most answers are given at once, and come by the inbox too: a connection that has its answer
/// before it is settled costs no system call but those that move bytes.
void Reactor::run_tasks() {
    for (int round = 0; round < kTaskRounds && inbox_->has_tasks(); ++round) {
        for (const Inbox::Task& task : inbox_->take()) task(*this);
    }
}

int Reactor::wait_time() const {
    if (inbox_->has_tasks()) return 0;
    std::optional<TimePoint> next = deadlines_.first();
    if (listen_at_ && (!next || *listen_at_ < *next)) next = listen_at_;
    if (!next) return -1;
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(*next - std::chrono::steady_clock::now());
    constexpr std::chrono::milliseconds kLongest = std::chrono::hours(1);
    return static_cast<int>(std::clamp(left, std::chrono::milliseconds(0), kLongest).count());
}

void Reactor::handle(std::uint64_t tag, std::uint32_t events) {
    if (tag == kInboxTag) return inbox_->woken();  // run() looks there anyway
    if (tag < kFirstConnection) {
        accept_some(reception_.doors.at(static_cast<std::size_t>(tag - 1)));
        return;
    }
    const auto found = entries_.find(tag);
    if (found == entries_.end()) return;
    Entry& entry = found->second;
    const std::uint32_t wanted = entry.connection->interest();
    if ((events & (wanted | EPOLLERR | EPOLLHUP)) == 0) return listen_to(tag, entry, wanted);
    entry.connection->on_ready(events, std::chrono::steady_clock::now());
    touch(tag);
}

void Reactor::accept_some(const Door& door) {
    for (int i = 0; i < kAcceptsAtOnce && listening_; ++i) {
        sockaddr_storage storage{};
        socklen_t size = sizeof storage;
        void* raw = &storage;
        UniqueFd socket(::accept4(door.descriptor, static_cast<sockaddr*>(raw), &size,
                                  SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (socket) {
            const Endpoint peer = endpoint_of(storage);
            admit(std::move(socket), peer.address, peer.port, door);
            continue;
        }
        if (errno == EAGAIN || errno == EWOULDBLOCK) return;
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            // The client waits in the backlog; a listener that stays readable would be a busy loop.
            stop_listening();
            listen_at_ = std::chrono::steady_clock::now() + kAcceptPause;
            return;
        }
    }
}

void Reactor::admit(UniqueFd socket, const mail::IpAddress& address, std::uint16_t port,
                    const Door& door) {
    const auto local = own_endpoint(socket.get());
    if (!local) return;
    const bool proxied = listed(reception_.trusted.proxies, address);
    const bool xclient = listed(reception_.trusted.xclients, address);
    const bool counted = !proxied && !xclient && !reception_.admission->unlimited(address);
    const Load load = reception_.surroundings.load->measure();
    // The last places are for those who are not counted: our own servers.
    const bool full =
        reception_.surroundings.load->full(load) && load.connections < load.max_connections;
    if (full && counted) {
        turn_away(socket.get(), Refusal::Overload, door);
        return;
    }
    auto place = reception_.admission->admit(counted ? std::optional(address) : std::nullopt);
    if (!place) {
        turn_away(socket.get(), place.error(), door);
        return;
    }
    const int on = 1;
    (void)::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    auto offer = reception_.offer.current();
    ClientFacts client{address, port, local->address, local->port, next_id.fetch_add(1)};
    client.implicit_tls = door.implicit_tls;
    client.load = load;
    receive(Accepted{std::move(socket), client, std::move(place).value(),
                     xclient ? std::move(offer.for_xclients) : std::move(offer.session),
                     std::move(offer.tls), proxied});
}

void Reactor::receive(Accepted accepted) {
    const std::uint64_t id = accepted.client.connection;
    auto connection = std::make_unique<Connection>(std::move(accepted), reception_.surroundings,
                                                   inbox_, scratch_);
    Connection& made = *connection;
    entries_.emplace(id, Entry{std::move(connection)});
    if (observer_.opened) observer_.opened();
    made.start(std::chrono::steady_clock::now());
    touch(id);
}

/// As cheap as can be: nothing is kept, and nobody waits for the client.
void Reactor::turn_away(int socket, Refusal refusal, const Door& door) {
    if (observer_.refused) observer_.refused(refusal);
    if (door.implicit_tls) return;  // no words without a handshake
    const std::string words =
        smtp::to_wire(refusal == Refusal::Overload
                          ? smtp::Reply{421, "4.3.2", "Too busy now, try again later"}
                          : smtp::Reply{421, "4.7.0", "Too many connections, try again later"});
    (void)::send(socket, words.data(), words.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (observer_.replied) observer_.replied(smtp::Stage::Connect, 421);
}

void Reactor::listen_again() {
    listen_at_.reset();
    listening_ = true;
    for (std::size_t i = 0; i < reception_.doors.size(); ++i) {
        watch(epoll_.get(), EPOLL_CTL_ADD, reception_.doors[i].descriptor, EPOLLIN | EPOLLEXCLUSIVE,
              i + 1);
    }
}

void Reactor::stop_listening() {
    if (!listening_) return;
    listening_ = false;
    for (const Door& door : reception_.doors) {
        (void)::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, door.descriptor, nullptr);
    }
}

/// A connection that was called is settled once, when all that is due now has been done.
void Reactor::touch(std::uint64_t id) {
    const auto found = entries_.find(id);
    if (found == entries_.end() || std::exchange(found->second.touched, true)) return;
    touched_.push_back(id);
}

void Reactor::settle_touched() {
    // By index: what ends here may change the load, and that touches others.
    for (std::size_t i = 0; i < touched_.size(); ++i) settle(touched_[i]);
    touched_.clear();
}

/// Does what a connection wants after its calls.
void Reactor::settle(std::uint64_t id) {
    const auto found = entries_.find(id);
    if (found == entries_.end()) return;
    Entry& entry = found->second;
    entry.touched = false;
    entry.connection->end_turn(std::chrono::steady_clock::now());
    if (entry.connection->finished()) {
        if (entry.deadline) deadlines_.remove(*entry.deadline, id);
        entries_.erase(found);  // closing the descriptor takes it out of epoll
        if (observer_.closed) observer_.closed();
        if (reception_.surroundings.load->overload()) (void)reception_.surroundings.load->measure();
        return;
    }
    keep_deadline(id, entry);
    // A client that is not read for a moment seldom says anything meanwhile: handle() sees to those
    // that do.
    const std::uint32_t wanted = entry.connection->interest();
    if (!entry.watched || (wanted | EPOLLIN) != (entry.interest | EPOLLIN) ||
        (wanted & ~entry.interest) != 0) {
        listen_to(id, entry, wanted);
    }
}

/// Most deadlines are put off before they come: one that is too early is corrected then.
void Reactor::keep_deadline(std::uint64_t id, Entry& entry) {
    const auto deadline = entry.connection->deadline();
    if (!deadline || (entry.deadline && *entry.deadline <= *deadline)) return;
    if (entry.deadline) deadlines_.remove(*entry.deadline, id);
    deadlines_.add(*deadline, id);
    entry.deadline = deadline;
}

void Reactor::listen_to(std::uint64_t id, Entry& entry, std::uint32_t interest) {
    watch(epoll_.get(), entry.watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD,
          entry.connection->descriptor(), interest, id);
    entry.watched = true;
    entry.interest = interest;
}

void Reactor::check_deadlines() {
    const TimePoint now = std::chrono::steady_clock::now();
    if (listen_at_ && *listen_at_ <= now && !stopping_) listen_again();
    for (const std::uint64_t id : deadlines_.expired(now)) {
        Entry& entry = entries_.at(id);
        entry.deadline.reset();
        const auto real = entry.connection->deadline();
        if (real && *real <= now) entry.connection->on_deadline(now);
        touch(id);
    }
}

void Reactor::answer(std::uint64_t connection, std::uint64_t ticket, const smtp::Reply& reply) {
    const auto found = entries_.find(connection);
    if (found == entries_.end()) return;
    found->second.connection->on_answer(ticket, reply, std::chrono::steady_clock::now());
    touch(connection);
}

void Reactor::resume(std::uint64_t connection, std::uint64_t ticket) {
    const auto found = entries_.find(connection);
    if (found == entries_.end()) return;
    found->second.connection->on_resume(ticket, std::chrono::steady_clock::now());
    touch(connection);
}

void Reactor::post(std::uint64_t connection, std::uint64_t dialogue,
                   const std::function<void()>& task) {
    const auto found = entries_.find(connection);
    if (found == entries_.end()) return;
    found->second.connection->on_post(dialogue, task, std::chrono::steady_clock::now());
    touch(connection);
}

template <class Call>
void Reactor::for_each(Call&& call) {
    std::vector<std::uint64_t> ids;
    ids.reserve(entries_.size());
    for (const auto& entry : entries_) ids.push_back(entry.first);
    const TimePoint now = std::chrono::steady_clock::now();
    for (const std::uint64_t id : ids) {
        call(*entries_.at(id).connection, now);
        touch(id);
    }
}

void Reactor::stop_softly() {
    stopping_ = true;
    listen_at_.reset();
    stop_listening();
    for_each([](Connection& connection, TimePoint now) { connection.stop_softly(now); });
}

/// Patience is another now.
void Reactor::overload_changed() {
    for_each([](Connection&, TimePoint) {});
}

void Reactor::stop_now() {
    stopping_ = true;
    stop_listening();
    for_each([](Connection& connection, TimePoint now) { connection.stop_now(now); });
}

}  // namespace postern::net
