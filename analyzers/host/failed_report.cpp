#include "analyzers/host/failed_report.hpp"

#include <unistd.h>

#include <cerrno>

#include "analyzers/api/catalogue.hpp"
#include "analyzers/base/clean_text.hpp"
#include "analyzers/base/sha256.hpp"

namespace postern::host {
namespace {

using analyzers::ErrorCode;
using sandbox::Cause;

std::string digest(int message, std::uint64_t size) {
    Sha256Stream stream;
    std::string block(std::size_t{64} << 10, '\0');
    std::uint64_t at = 0;
    while (at < size) {
        const ssize_t count = ::pread(message, block.data(), block.size(), static_cast<off_t>(at));
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) break;  // shorter than its owner said: what there is
        stream.update(std::string_view(block.data(), static_cast<std::size_t>(count)));
        at += static_cast<std::uint64_t>(count);
    }
    return stream.finish();
}

ErrorCode code_of(const sandbox::Ending& ending) {
    switch (ending.cause) {
        case Cause::CpuLimit:
        case Cause::Deadline:
        case Cause::Cancelled:
            return ErrorCode::Timeout;
        case Cause::Killed:
        case Cause::Unprepared:
            return ErrorCode::Resource;
        case Cause::Failed:
            return ending.value == static_cast<int>(WorkerExit::OutOfMemory) ? ErrorCode::Resource
                                                                             : ErrorCode::Crash;
        case Cause::Finished:
        case Cause::Aborted:
        case Cause::Forbidden:
        case Cause::Crashed:
            return ErrorCode::Crash;
    }
    return ErrorCode::Crash;
}

std::string sentence(const sandbox::Ending& ending) {
    const std::string value = std::to_string(ending.value);
    switch (ending.cause) {
        case Cause::Finished:
            return "the worker sent no report";
        case Cause::Unprepared:
            return "the worker could not confine itself, step " + value;
        case Cause::Failed:
            return ending.value == static_cast<int>(WorkerExit::OutOfMemory)
                       ? "the worker ran out of memory"
                       : "the worker gave up with exit code " + value;
        case Cause::Aborted:
            return "the worker aborted";
        case Cause::CpuLimit:
            return "the worker used up its CPU time";
        case Cause::Deadline:
            return "the worker was not done in time";
        case Cause::Cancelled:
            return "the worker was cancelled";
        case Cause::Forbidden:
            return "the worker made a forbidden system call";
        case Cause::Killed:
            return "the worker was killed, probably for lack of memory";
        case Cause::Crashed:
            return "the worker crashed with signal " + value;
    }
    return "the worker failed";
}

}  // namespace

analyzers::Report failed_report(int message, std::uint64_t size, MessageKind kind, ErrorCode code,
                                const std::string& detail) {
    const bool mail = kind == MessageKind::Message;
    analyzers::Report report;
    report.objects.push_back({.parent = {},
                              .relation = analyzers::Relation::Root,
                              .path = mail ? "message" : "object",
                              .name = "",
                              .size = size,
                              .type = mail ? "mail" : "data",
                              .mime = mail ? "message/rfc822" : "application/octet-stream",
                              .declared_mime = "",
                              .sha256 = digest(message, size),
                              .flags = {}});
    report.errors.push_back({.object = 0,
                             .analyzer = "jail",
                             .code = code,
                             .detail = clean_text(detail, analyzers::kMaxDetail)});
    return report;
}

analyzers::Report failed_report(int message, std::uint64_t size, MessageKind kind,
                                const sandbox::Ending& ending) {
    analyzers::Report report =
        failed_report(message, size, kind, code_of(ending), sentence(ending));
    if (ending.cause == Cause::Forbidden) {
        report.findings.push_back(
            analyzers::finding("JAIL_VIOLATION", "forbidden system call in the worker"));
        report.findings.back().object = 0;
    }
    return report;
}

}  // namespace postern::host
