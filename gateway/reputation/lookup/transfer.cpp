#include "gateway/reputation/lookup/transfer.hpp"

#include <curl/curl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <charconv>
#include <cstring>
#include <memory>
#include <string_view>

#include "analyzers/base/ascii.hpp"
#include "gateway/reputation/lookup/public_address.hpp"

namespace postern::reputation {
namespace {

using mail::IpAddress;

constexpr std::size_t kMaxHeaders = std::size_t{64} << 10;
constexpr std::size_t kMaxField = 1024;                       ///< of one header field that is kept
constexpr std::size_t kMaxOtherBody = std::size_t{64} << 10;  ///< of an answer that is no list
constexpr long kSlowest = 16;                                 ///< bytes a second, for kSlowTime
constexpr long kSlowTime = 30;                                ///< seconds

template <class T, void (*Free)(T*)>
struct Freed {
    void operator()(T* object) const { Free(object); }
};
using Handle = std::unique_ptr<CURL, Freed<CURL, curl_easy_cleanup>>;
using Words = std::unique_ptr<curl_slist, Freed<curl_slist, curl_slist_free_all>>;
using UrlParts = std::unique_ptr<CURLU, Freed<CURLU, curl_url_cleanup>>;

/// What the callbacks know.
struct Course {
    explicit Course(const Exchange& exchange) : wanted(exchange) {}

    const Exchange& wanted;
    HttpAnswer answer;
    std::size_t header_bytes = 0;
    std::string refusal;  ///< why we ended it ourselves
};

IpAddress address_of(const curl_sockaddr& place) {
    IpAddress::Bytes bytes{};
    if (place.family == AF_INET) {
        sockaddr_in v4{};
        std::memcpy(&v4, &place.addr, sizeof v4);
        bytes[10] = bytes[11] = 0xFF;
        std::memcpy(bytes.data() + 12, &v4.sin_addr, 4);
    } else if (place.family == AF_INET6) {
        sockaddr_in6 v6{};
        std::memcpy(&v6, &place.addr, std::min<std::size_t>(sizeof v6, place.addrlen));
        std::memcpy(bytes.data(), &v6.sin6_addr, 16);
    }
    return IpAddress::from_bytes(bytes);
}

/// The last word on where we connect to: whatever name, redirect or spelling led here.
curl_socket_t open_socket(void* data, curlsocktype /*purpose*/, curl_sockaddr* place) {
    auto& course = *static_cast<Course*>(data);
    const bool ip = place->family == AF_INET || place->family == AF_INET6;
    if (!ip || (!course.wanted.allow_private && !is_public(address_of(*place)))) {
        course.refusal = ip ? address_of(*place).text() + " is no public address"
                            : std::string("it is at no IP address");
        return CURL_SOCKET_BAD;
    }
    return ::socket(place->family, place->socktype | SOCK_CLOEXEC, place->protocol);
}

std::size_t take_body(char* data, std::size_t one, std::size_t count, void* to) {
    auto& course = *static_cast<Course*>(to);
    const std::size_t size = one * count;
    const std::uint64_t room =
        course.answer.status == 200 ? course.wanted.max_size : std::uint64_t{kMaxOtherBody};
    if (size > room - std::min<std::uint64_t>(course.answer.body.size(), room)) {
        course.refusal = "it has more than " + std::to_string(room) + " bytes";
        return 0;
    }
    course.answer.body.append(data, size);
    return size;
}

void take_field(HttpAnswer& answer, std::string_view line) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || line.size() > kMaxField) return;
    const std::string name = ascii_lower(line.substr(0, colon));
    std::string_view value = line.substr(colon + 1);
    while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) {
        value.remove_prefix(1);
    }
    while (!value.empty() && static_cast<unsigned char>(value.back()) <= ' ') {
        value.remove_suffix(1);
    }
    if (name == "content-type") answer.content_type = ascii_lower(value);
    if (name == "content-encoding") answer.content_encoding = ascii_lower(value);
    if (name == "etag") answer.etag = value;
    if (name == "last-modified") answer.modified = value;
    if (name == "content-length") answer.bounded = true;
    if (name == "transfer-encoding" && ascii_iequal(value, "chunked")) answer.bounded = true;
}

std::size_t take_header(char* data, std::size_t one, std::size_t count, void* to) {
    auto& course = *static_cast<Course*>(to);
    const std::size_t size = one * count;
    course.header_bytes += size;
    if (course.header_bytes > kMaxHeaders) {
        course.refusal = "its header has more than " + std::to_string(kMaxHeaders) + " bytes";
        return 0;
    }
    const std::string_view line(data, size);
    if (line.starts_with("HTTP/")) {  // also once for each interim answer
        course.answer = {};
        const std::size_t blank = std::min(line.find(' '), line.size());
        std::from_chars(data + std::min(blank + 1, size), data + size, course.answer.status);
        course.answer.bounded = line.starts_with("HTTP/2") || line.starts_with("HTTP/3");
    } else {
        take_field(course.answer, line);
    }
    return size;
}

int watch(void* data, curl_off_t /*down*/, curl_off_t /*now*/, curl_off_t /*up*/,
          curl_off_t /*up_now*/) {
    const auto& course = *static_cast<Course*>(data);
    return course.wanted.stop != nullptr && *course.wanted.stop ? 1 : 0;
}

/// "host:port:address,address": nobody else is asked for the name.
std::string resolution(const Exchange& wanted) {
    std::string text = wanted.target.host + ":" + std::to_string(wanted.target.port) + ":";
    for (const IpAddress& each : wanted.addresses) {
        if (text.back() != ':') text += ',';
        text += each.is_v4() ? each.text() : "[" + each.text() + "]";
    }
    return text;
}

/// Options are constants of ours: they are refused only by a libcurl that is too old.
class Options {
public:
    explicit Options(CURL* handle) : handle_(handle) {}
    template <class Value>
    void set(CURLoption option, Value value) {
        well_ = well_ && curl_easy_setopt(handle_, option, value) == CURLE_OK;
    }
    [[nodiscard]] bool well() const { return well_; }

private:
    CURL* handle_;
    bool well_ = true;
};

void set_limits(Options& options, const Exchange& wanted) {
    const char* schemes = wanted.allow_plain ? "https,http" : "https";
    options.set(CURLOPT_PROTOCOLS_STR, schemes);
    options.set(CURLOPT_FOLLOWLOCATION, 0L);
    options.set(CURLOPT_NOSIGNAL, 1L);
    options.set(CURLOPT_PROXY, "");  // not from the environment: it would hide whom we connect to
    options.set(CURLOPT_TIMEOUT_MS, static_cast<long>(wanted.timeout.count()));
    options.set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(wanted.timeout.count()));
    options.set(CURLOPT_LOW_SPEED_LIMIT, kSlowest);
    options.set(CURLOPT_LOW_SPEED_TIME, kSlowTime);
    options.set(CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(wanted.max_size));
    options.set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    options.set(CURLOPT_SSL_VERIFYPEER, 1L);
    options.set(CURLOPT_SSL_VERIFYHOST, 2L);
    options.set(CURLOPT_HTTP09_ALLOWED, 0L);
    options.set(CURLOPT_FORBID_REUSE, 1L);
}

void set_callbacks(Options& options, Course& course) {
    options.set(CURLOPT_OPENSOCKETFUNCTION, &open_socket);
    options.set(CURLOPT_OPENSOCKETDATA, static_cast<void*>(&course));
    options.set(CURLOPT_WRITEFUNCTION, &take_body);
    options.set(CURLOPT_WRITEDATA, static_cast<void*>(&course));
    options.set(CURLOPT_HEADERFUNCTION, &take_header);
    options.set(CURLOPT_HEADERDATA, static_cast<void*>(&course));
    options.set(CURLOPT_NOPROGRESS, 0L);
    options.set(CURLOPT_XFERINFOFUNCTION, &watch);
    options.set(CURLOPT_XFERINFODATA, static_cast<void*>(&course));
}

std::string text_part(CURLU* url, CURLUPart part, unsigned flags = 0) {
    char* text = nullptr;
    if (curl_url_get(url, part, &text, flags) != CURLUE_OK) return {};
    const std::unique_ptr<char, void (*)(void*)> owned(text, curl_free);
    return text;
}

}  // namespace

Outcome<Target, std::string> target_of(const std::string& url) {
    const UrlParts parts(curl_url());
    if (!parts || curl_url_set(parts.get(), CURLUPART_URL, url.c_str(), CURLU_NON_SUPPORT_SCHEME) !=
                      CURLUE_OK) {
        return Failure{std::string("it is no URL")};
    }
    Target target;
    target.scheme = ascii_lower(text_part(parts.get(), CURLUPART_SCHEME));
    target.host = ascii_lower(text_part(parts.get(), CURLUPART_HOST));
    if (target.host.size() > 2 && target.host.front() == '[') {
        target.host = target.host.substr(1, target.host.size() - 2);
    }
    const std::string port = text_part(parts.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
    const auto read = std::from_chars(port.data(), port.data() + port.size(), target.port);
    if (target.host.empty() || read.ec != std::errc()) {
        return Failure{"a URL of " + target.scheme + " is not fetched"};
    }
    return target;
}

Outcome<HttpAnswer, std::string> exchange(const Exchange& wanted) {
    const Handle handle(curl_easy_init());
    if (!handle) return Failure{std::string("libcurl cannot start")};
    Course course(wanted);
    Words headers;
    for (const std::string& each : wanted.headers) {
        headers.reset(curl_slist_append(headers.release(), each.c_str()));
    }
    const Words resolved(curl_slist_append(nullptr, resolution(wanted).c_str()));
    std::array<char, CURL_ERROR_SIZE> trouble{};
    Options options(handle.get());
    options.set(CURLOPT_URL, wanted.url.c_str());
    options.set(CURLOPT_HTTPHEADER, headers.get());
    options.set(CURLOPT_RESOLVE, resolved.get());
    options.set(CURLOPT_ERRORBUFFER, trouble.data());
    set_limits(options, wanted);
    set_callbacks(options, course);
    if (!wanted.authorities.empty()) {
        const curl_blob blob{const_cast<char*>(wanted.authorities.data()),
                             wanted.authorities.size(), CURL_BLOB_NOCOPY};
        options.set(CURLOPT_CAINFO_BLOB, &blob);
    }
    if (!options.well()) return Failure{std::string("libcurl is too old")};
    const CURLcode result = curl_easy_perform(handle.get());
    if (!course.refusal.empty()) return Failure{course.refusal};
    if (result != CURLE_OK) {
        return Failure{
            std::string(trouble[0] != '\0' ? trouble.data() : curl_easy_strerror(result))};
    }
    char* redirect = nullptr;
    if (curl_easy_getinfo(handle.get(), CURLINFO_REDIRECT_URL, &redirect) == CURLE_OK &&
        redirect != nullptr) {
        course.answer.redirect = redirect;
    }
    return std::move(course.answer);
}

}  // namespace postern::reputation
