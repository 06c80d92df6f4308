#include "sandbox/control.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace postern::sandbox {
namespace {

constexpr std::size_t kMostDescriptors = 2;

constexpr std::size_t kHead = sizeof(Kind);
using Buffer = std::array<char, kHead + kLongestText>;

template <class Struct>
constexpr bool kIsText = std::is_same_v<Struct, Ready> || std::is_same_v<Struct, Failed>;

/// The bytes of a message as they travel: the struct itself, or kind and text.
std::string_view on_the_wire(const Message& message, Buffer& buffer) {
    return std::visit(
        [&](const auto& each) -> std::string_view {
            using Struct = std::decay_t<decltype(each)>;
            if constexpr (kIsText<Struct>) {
                const std::size_t length = std::min(each.text.size(), kLongestText);
                std::memcpy(buffer.data(), &each.kind, kHead);
                std::memcpy(buffer.data() + kHead, each.text.data(), length);
                return {buffer.data(), kHead + length};
            } else {
                std::memcpy(buffer.data(), static_cast<const void*>(&each), sizeof each);
                return {buffer.data(), sizeof each};
            }
        },
        message);
}

/// A message of this kind, if the size is right for it.
template <class Struct>
std::optional<Message> read_as(const Buffer& buffer, std::size_t size) {
    Struct message;
    if constexpr (kIsText<Struct>) {
        message.text.assign(buffer.data() + kHead, size - kHead);
    } else {
        if (size != sizeof(Struct)) return std::nullopt;
        std::memcpy(static_cast<void*>(&message), buffer.data(), size);
    }
    return Message(std::move(message));
}

/// Drops a message whose enumerator lies behind the last one.
template <class Struct, class Enum>
std::optional<Message> known(std::optional<Message> message, Enum Struct::*member, Enum last) {
    if (message && std::get<Struct>(*message).*member > last) return std::nullopt;
    return message;
}

std::optional<Message> decode(const Buffer& buffer, std::size_t size) {
    std::uint32_t kind = 0;
    if (size < sizeof kind) return std::nullopt;
    std::memcpy(&kind, buffer.data(), sizeof kind);
    switch (static_cast<Kind>(kind)) {
        case Kind::Start:
            return read_as<Start>(buffer, size);
        case Kind::Cancel:
            return read_as<Cancel>(buffer, size);
        case Kind::Drain:
            return read_as<Drain>(buffer, size);
        case Kind::Client:
            return read_as<Client>(buffer, size);
        case Kind::Ready:
            return read_as<Ready>(buffer, size);
        case Kind::Failed:
            return read_as<Failed>(buffer, size);
        case Kind::Started:
            return read_as<Started>(buffer, size);
        case Kind::Ended:
            return known(read_as<Ended>(buffer, size), &Ended::cause, Cause::Crashed);
        case Kind::Refused:
            return known(read_as<Refused>(buffer, size), &Refused::why, Refusal::NoWorker);
    }
    return std::nullopt;
}

std::size_t descriptors_with(const Message& message) {
    if (std::holds_alternative<Start>(message)) return 2;
    return std::holds_alternative<Client>(message) ? 1 : 0;
}

std::vector<Descriptor> take_descriptors(msghdr& header) {
    std::vector<Descriptor> taken;
    for (cmsghdr* each = CMSG_FIRSTHDR(&header); each != nullptr;
         each = CMSG_NXTHDR(&header, each)) {
        if (each->cmsg_level != SOL_SOCKET || each->cmsg_type != SCM_RIGHTS) continue;
        const std::size_t count = (each->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int number = -1;
            std::memcpy(&number, CMSG_DATA(each) + i * sizeof(int), sizeof number);
            taken.emplace_back(number);
        }
    }
    return taken;
}

}  // namespace

bool send(int channel, const Message& message, const std::vector<int>& descriptors, bool wait) {
    Buffer buffer;
    const std::size_t size = on_the_wire(message, buffer).size();
    iovec content = {buffer.data(), size};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * kMostDescriptors)> space{};
    msghdr header{};
    header.msg_iov = &content;
    header.msg_iovlen = 1;
    if (descriptors.size() > kMostDescriptors) return false;
    if (!descriptors.empty()) {
        const std::size_t bytes = sizeof(int) * descriptors.size();
        header.msg_control = space.data();
        header.msg_controllen = CMSG_SPACE(bytes);
        cmsghdr* control = CMSG_FIRSTHDR(&header);
        if (control == nullptr) return false;
        control->cmsg_level = SOL_SOCKET;
        control->cmsg_type = SCM_RIGHTS;
        control->cmsg_len = CMSG_LEN(bytes);
        std::memcpy(CMSG_DATA(control), descriptors.data(), bytes);
    }
    ssize_t sent = 0;
    do {
        sent = ::sendmsg(channel, &header, MSG_NOSIGNAL | (wait ? 0 : MSG_DONTWAIT));
    } while (sent < 0 && errno == EINTR);
    return sent == static_cast<ssize_t>(size);
}

std::variant<Received, ReceiveError> receive(int channel) {
    Buffer buffer;
    iovec content = {buffer.data(), buffer.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * 8)> space{};
    msghdr header{};
    header.msg_iov = &content;
    header.msg_iovlen = 1;
    header.msg_control = space.data();
    header.msg_controllen = space.size();
    ssize_t got = 0;
    do {
        got = ::recvmsg(channel, &header, MSG_CMSG_CLOEXEC);
    } while (got < 0 && errno == EINTR);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return ReceiveError::Nothing;
    if (got <= 0) return ReceiveError::Closed;
    std::vector<Descriptor> descriptors = take_descriptors(header);
    if ((header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) return ReceiveError::Malformed;
    auto message = decode(buffer, static_cast<std::size_t>(got));
    if (!message || descriptors.size() != descriptors_with(*message)) {
        return ReceiveError::Malformed;
    }
    return Received{*message, std::move(descriptors)};
}

bool receive_start(int channel, Start& start, std::array<int, 2>& descriptors) {
    iovec content = {&start, sizeof start};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * kMostDescriptors)> space{};
    msghdr header{};
    header.msg_iov = &content;
    header.msg_iovlen = 1;
    header.msg_control = space.data();
    header.msg_controllen = space.size();
    ssize_t got = 0;
    do {
        got = ::recvmsg(channel, &header, 0);
    } while (got < 0 && errno == EINTR);
    const cmsghdr* control = CMSG_FIRSTHDR(&header);
    if (got != sizeof start || start.kind != Kind::Start || control == nullptr ||
        control->cmsg_len != CMSG_LEN(sizeof descriptors)) {
        return false;
    }
    std::memcpy(descriptors.data(), CMSG_DATA(control), sizeof descriptors);
    return true;
}

std::optional<std::array<Descriptor, 2>> channel_pair() {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
        return std::nullopt;
    }
    return std::array<Descriptor, 2>{Descriptor(ends[0]), Descriptor(ends[1])};
}

}  // namespace postern::sandbox
