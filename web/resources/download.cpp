// GET /messages/{id}/download: the message in an encrypted ZIP file, so that nothing opens it by
// accident. The act is in the audit log.
#include "quarantine/export/encrypted_zip.hpp"
#include "web/resources/call.hpp"

namespace postern::web {

Response download_message(Call& call) {
    const Turn turn(call.downloads, call.settings.downloads_at_once);
    if (!turn.granted()) {
        Response response = Response::failure(503, "busy", "Too many downloads. Try again.");
        response.headers.emplace_back("Retry-After", "5");
        return response;
    }
    auto message = call.store.open_message(*call.id);
    if (!message) return store_failure(message.error());
    const auto noted = call.store.audit().append(call.actor(), "download", *call.id, {});
    if (!noted) return store_failure(noted.error());
    auto zip = quarantine::encrypted_zip(std::move(message).value(), call.id->text() + ".eml",
                                         quarantine::kSamplePassword, call.settings.max_download);
    if (!zip) {
        if (zip.error().kind == quarantine::StoreErrorKind::Invalid) {
            return Response::failure(413, "too-large", "The message is too large to download.");
        }
        return store_failure(zip.error());
    }
    Response response;
    response.content_type = "application/zip";
    response.body = std::move(zip).value();
    response.headers.emplace_back("Content-Disposition",
                                  "attachment; filename=\"postern-" + call.id->text() + ".zip\"");
    return response;
}

}  // namespace postern::web
