/// @file A connection up to its banner: PROXY header, implicit TLS, early talk; and all anew behind
/// XCLIENT.

#include <sys/socket.h>

#include <utility>

#include "gateway/net/connection_guard.hpp"

namespace postern::net {
namespace {

constexpr std::size_t kEarlyBytes = 64;  // shown to the dialogue

const smtp::Reply kTooMany{421, "4.7.0", "Too many connections, try again later"};

}  // namespace

void Connection::start(TimePoint now) {
    began_ = now;
    since_ = now;
    if (proxied_) {
        phase_ = Phase::Proxy;
        read_header(now);
    } else {
        client_known(now);
    }
}

/// Takes the header off the socket and nothing behind it: what the client itself sent stays where
/// it is, and early talk is seen.
void Connection::read_header(TimePoint now) {
    const auto seen = transport_.peek(scratch_);
    if (seen.progress == Transport::Progress::NeedsRead) return;
    if (seen.progress != Transport::Progress::Moved) {
        finish();
        return;
    }
    const std::size_t before = output_.size();
    output_.append(scratch_.data(), std::min(seen.bytes, kMaxProxyV2));
    const ProxyHeader header = read_proxy_header(output_);
    if (header.state == ProxyHeader::State::Invalid) {
        if (surroundings_.observer.refused) surroundings_.observer.refused(Refusal::Proxy);
        finish();
        return;
    }
    const bool whole = header.state == ProxyHeader::State::Whole;
    const std::size_t ours = (whole ? header.size : output_.size()) - before;
    if (transport_.read(scratch_.first(ours)).bytes != ours) {
        finish();
        return;
    }
    if (!whole) return;
    output_ = std::string();
    if (header.endpoints) take_header(*header.endpoints);
    client_known(now);
}

void Connection::take_header(const ProxyEndpoints& endpoints) {
    client_.proxy = client_.address;
    client_.address = endpoints.source;
    client_.port = endpoints.source_port;
    client_.local_address = endpoints.destination;
    client_.local_port = endpoints.destination_port;
}

/// Who the client is: whether it may come, and how it is received.
void Connection::client_known(TimePoint now) {
    phase_ = Phase::Talking;
    since_ = now;
    if (proxied_) {
        if (const auto refusal = place_.count_as(client_.address)) {
            if (surroundings_.observer.refused) surroundings_.observer.refused(*refusal);
            if (client_.implicit_tls) {
                finish();
                return;
            }
            session_.close(kTooMany);
            work(now);
            return;
        }
    }
    if (!client_.implicit_tls) {
        begin(now);
        return;
    }
    phase_ = Phase::FirstHandshake;
    if (tls_ && transport_.start_tls(tls_)) {
        handshake(now);
    } else {
        finish();
    }
}

void Connection::make_dialogue() {
    ++dialogue_number_;
    guarded([this] {
        dialogue_ = surroundings_.factory(client_, *this);
        session_.set_trace(dialogue_->trace_id());
    });
}

void Connection::begin(TimePoint now) {
    make_dialogue();
    if (client_.implicit_tls && dialogue_) {
        guarded([this] { dialogue_->on_tls(transport_.tls_facts()); });
    }
    work(now);
    // What TLS has read ahead no event will tell about.
    if (transport_.has_buffered()) look_for_early_talk(now);
}

void Connection::handshake(TimePoint now) {
    switch (transport_.handshake()) {
        case Transport::Progress::Moved:
            handshake_done(now);
            return;
        case Transport::Progress::NeedsRead:
            read_blocked_ = false;
            return;
        case Transport::Progress::NeedsWrite:
            read_blocked_ = true;
            return;
        case Transport::Progress::Ended:
        case Transport::Progress::Failed:
            if (surroundings_.observer.handshake_failed) surroundings_.observer.handshake_failed();
            ending_ = Ending::Handshake;
            finish();
            return;
    }
}

void Connection::handshake_done(TimePoint now) {
    const bool first = phase_ == Phase::FirstHandshake;
    phase_ = Phase::Talking;
    since_ = now;
    read_blocked_ = false;
    if (first) {
        session_.begin_in_tls();
        begin(now);
        return;
    }
    session_.tls_established();
    guarded([this] { dialogue_->on_tls(transport_.tls_facts()); });
    if (stopping_ || transport_.has_buffered()) work(now);
}

/// A listed proxy speaks for another client from now on: everything begins anew, TLS aside.
void Connection::introduce(const smtp::Introduction& introduction) {
    ending_ = Ending::Introduced;
    drop_dialogue();
    ending_ = Ending::Left;
    client_.proxy = client_.proxy.value_or(client_.address);
    if (introduction.address) client_.address = *introduction.address;
    if (introduction.port) client_.port = *introduction.port;
    if (introduction.local_address) client_.local_address = *introduction.local_address;
    if (introduction.local_port) client_.local_port = *introduction.local_port;
    client_.introduced = introduction;
    client_.load = surroundings_.load->measure();
    const auto refusal =
        introduction.address ? place_.count_as(client_.address) : std::optional<Refusal>();
    if (refusal && surroundings_.observer.refused) surroundings_.observer.refused(*refusal);
    session_.answer(refusal ? kTooMany : smtp::Reply{220, "2.0.0", "Ok"});
    if (refusal) return;
    make_dialogue();
    if (session_.in_tls() && dialogue_) {
        guarded([this] { dialogue_->on_tls(transport_.tls_facts()); });
    }
}

/// Only where the client can know that a banner is due: behind XCLIENT a proxy may pipeline.
bool Connection::watches_early_talk() const {
    return phase_ == Phase::Talking && answer_due_ && !early_talk_known_ && !client_.introduced &&
           session_.state() == smtp::State::Connecting;
}

void Connection::look_for_early_talk(TimePoint now) {
    if (!watches_early_talk()) return;
    const auto seen = transport_.peek(scratch_.first(kEarlyBytes));
    switch (seen.progress) {
        case Transport::Progress::NeedsRead:
            return;
        case Transport::Progress::Moved:
            early_talk_known_ = true;
            guarded(
                [&] { dialogue_->on_early_talk(std::string_view(scratch_.data(), seen.bytes)); });
            work(now);
            return;
        case Transport::Progress::NeedsWrite:
            early_talk_known_ = true;  // not worth a closer look
            return;
        case Transport::Progress::Ended:
        case Transport::Progress::Failed:
            finish();  // nobody waits for our banner
            return;
    }
}

}  // namespace postern::net
