/// @file Texts that the state reads back: URLs of the configuration, and values that anybody who
/// reaches the shared store may have written. The first byte chooses.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "analyzers/base/bytes.hpp"
#include "gateway/state/bans.hpp"
#include "gateway/state/caches.hpp"
#include "gateway/state/contacts.hpp"
#include "gateway/state/greylist.hpp"
#include "gateway/state/memory_store.hpp"
#include "gateway/state/redis/address.hpp"

namespace {

using namespace postern;

constexpr std::int64_t kNow = 1'700'000'000;
constexpr std::chrono::hours kLife{1};

void demand(bool holds) {
    if (!holds) std::abort();
}

/// What is told to people names the same place, and no user or password.
void read_url(std::string_view url) {
    const auto address = state::parse_redis_url(url);
    if (!address) return;
    const auto again = state::parse_redis_url(address->text());
    demand(again.has_value());
    demand(again->host == address->host && again->path == address->path);
    demand(again->port == address->port && again->database == address->database);
    demand(again->user.empty() && again->password.empty());
}

/// Whatever the store says, an offender is banned, and who waits gets through.
void read_values(std::string_view value) {
    state::MemoryStore store(
        std::uint64_t{1} << 20, [] { return kNow * 1000; }, nullptr);
    const auto client = *mail::IpAddress::parse("192.0.2.7");
    const auto mailbox = *mail::Mailbox::parse("a@b.example");
    const state::Bans bans(store, {});
    demand(store.put("ban:192.0.2.7/32", value, kLife).has_value());
    demand(bans.find(client, kNow).has_value());
    demand(bans.offend(client, 1000, value, kNow).has_value());
    demand(bans.find(client, kNow)->has_value());
    demand(bans.list(kNow)->size() == 1);
    demand(*bans.lift(client, kNow));

    const state::Greylist greylist(store, {});
    const state::GreylistQuestion question{client, std::nullopt, mailbox, mailbox};
    demand(greylist.ask(question, kNow).has_value());
    demand(store.put(store.list("grey:", 1)->front().key, value, kLife).has_value());
    demand(store.put("greyhost:192.0.2.0/24", value, kLife).has_value());
    demand(greylist.ask(question, kNow).has_value());
    demand(greylist.ask(question, kNow + 120)->pass);

    demand(store.put("rcpt:a@b.example", value, kLife).has_value());
    demand(state::RecipientCache(store, {}).find(mailbox).has_value());
    const state::Contacts contacts(store, {});
    demand(contacts.note(value, mailbox, kNow).has_value());
    demand(!contacts.find(value, mailbox, kNow)->first());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes = as_text(std::as_bytes(std::span{data, size}));
    if (bytes.empty() || bytes.size() > 4096) return 0;
    if (bytes.front() == 'u') {
        read_url(bytes.substr(1));
    } else {
        read_values(bytes.substr(1));
    }
    return 0;
}
