#include "gateway/reputation/lookup/fetch.hpp"

#include <algorithm>
#include <utility>

#include "gateway/dns/addresses.hpp"
#include "gateway/reputation/lookup/public_address.hpp"
#include "gateway/reputation/lookup/transfer.hpp"

namespace postern::reputation {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

bool is_redirect(long status) {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/// Web pages: sign-in forms, "not found" with status 200, notices of a provider.
bool looks_like_markup(std::string_view body) {
    constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
    if (body.starts_with(kByteOrderMark)) body.remove_prefix(kByteOrderMark.size());
    const std::size_t first = body.find_first_not_of(" \t\r\n");
    return first != std::string_view::npos && body[first] == '<';
}

Outcome<Fetched, std::string> accept(HttpAnswer answer, bool conditional) {
    if (answer.status == 304 && conditional) return Fetched{true, {}, {}, {}};
    if (answer.status != 200) return Failure{"HTTP status " + std::to_string(answer.status)};
    if (!answer.content_encoding.empty() && answer.content_encoding != "identity") {
        return Failure{std::string("it is encoded, which was not asked for")};
    }
    if (answer.content_type.starts_with("text/html") ||
        answer.content_type.starts_with("application/xhtml") || looks_like_markup(answer.body)) {
        return Failure{std::string("it is a web page, no list")};
    }
    if (!answer.bounded) {
        return Failure{std::string("it has no length: nobody can tell whether it is whole")};
    }
    return Fetched{false, std::move(answer.body), std::move(answer.etag),
                   std::move(answer.modified)};
}

class Steps {
public:
    Steps(const FetchRequest& request, dns::Resolver& resolver)
        : request_(request), resolver_(resolver), until_(steady_clock::now() + request.timeout) {}

    Outcome<Fetched, std::string> run() {
        std::string url = request_.url;
        for (unsigned step = 0; step <= kMaxRedirects; ++step) {
            auto answer = one(url);
            if (!answer) return Failure{answer.error()};
            if (!is_redirect(answer->status)) {
                return accept(std::move(answer).value(), conditional());
            }
            if (answer->redirect.empty()) return Failure{std::string("it redirects nowhere")};
            url = answer->redirect;
        }
        return Failure{"it redirects more than " + std::to_string(kMaxRedirects) + " times"};
    }

private:
    [[nodiscard]] bool conditional() const {
        return !request_.etag.empty() || !request_.modified.empty();
    }

    Outcome<HttpAnswer, std::string> one(const std::string& url) {
        auto target = target_of(url);
        if (!target) return Failure{target.error()};
        const bool plain = target->scheme == "http" && request_.allow_private;
        if (target->scheme != "https" && !plain) {
            return Failure{"it leads to a URL of " + target->scheme};
        }
        auto addresses = addresses_for(target->host);
        if (!addresses) return Failure{addresses.error()};
        const auto left = std::chrono::duration_cast<milliseconds>(until_ - steady_clock::now());
        if (left <= milliseconds(0)) return Failure{std::string("it took too long")};
        return exchange({.url = url,
                         .target = *target,
                         .addresses = *addresses,
                         .headers = headers(*target),
                         .authorities = request_.authorities,
                         .timeout = left,
                         .max_size = request_.max_size,
                         .allow_private = request_.allow_private,
                         .allow_plain = request_.allow_private,
                         .stop = request_.stop});
    }

    Outcome<std::vector<mail::IpAddress>, std::string> addresses_for(const std::string& host) {
        const auto deadline = std::min(until_, steady_clock::now() + std::chrono::seconds(10));
        dns::HostAddresses found = dns::addresses_of(host, resolver_, deadline);
        if (found.status != dns::Status::Found) {
            return Failure{
                host + " cannot be resolved: " +
                (found.detail.empty() ? std::string(dns::name(found.status)) : found.detail)};
        }
        if (request_.allow_private) return std::move(found.addresses);
        std::erase_if(found.addresses, [](const auto& each) { return !is_public(each); });
        if (found.addresses.empty()) return Failure{host + " is at no public address"};
        return std::move(found.addresses);
    }

    [[nodiscard]] std::vector<std::string> headers(const Target& target) {
        std::vector<std::string> all = {"User-Agent: postern-lookup",
                                        "Accept: text/plain, */*;q=0.5"};
        if (!request_.etag.empty()) all.push_back("If-None-Match: " + request_.etag);
        if (!request_.modified.empty()) all.push_back("If-Modified-Since: " + request_.modified);
        if (first_host_.empty()) first_host_ = target.host;
        if (target.host == first_host_) {
            all.insert(all.end(), request_.headers.begin(), request_.headers.end());
        }
        return all;
    }

    const FetchRequest& request_;
    dns::Resolver& resolver_;
    steady_clock::time_point until_;
    std::string first_host_;
};

}  // namespace

Outcome<Fetched, std::string> fetch(const FetchRequest& request, dns::Resolver& resolver) {
    return Steps(request, resolver).run();
}

}  // namespace postern::reputation
