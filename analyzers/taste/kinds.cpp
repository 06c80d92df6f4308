#include "analyzers/taste/kinds.hpp"

#include <algorithm>
#include <array>

namespace postern::analyzers {
namespace {

struct Kind {
    std::string_view type;
    std::string_view mime;
};

// Of two types with one media type the first is what type_of() answers.
// clang-format off
constexpr std::array kKinds = {
    Kind{"data", "application/octet-stream"}, Kind{"empty", "application/x-empty"},
    // Mail and text.
    Kind{"mail", "message/rfc822"}, Kind{"mbox", "application/mbox"}, Kind{"html", "text/html"},
    Kind{"text", "text/plain"}, Kind{"rtf", "application/rtf"}, Kind{"rtf", "text/rtf"}, Kind{"xml", "text/xml"},
    Kind{"xml", "application/xml"}, Kind{"dmarc-report", "application/xml"}, Kind{"csv", "text/csv"}, Kind{"ics", "text/calendar"},
    Kind{"vcard", "text/vcard"}, Kind{"pem", "application/x-pem-file"}, Kind{"pgp", "application/pgp-encrypted"},
    Kind{"pgp", "application/pgp-keys"}, Kind{"pgp", "application/pgp-signature"},
    Kind{"css", "text/css"}, Kind{"json", "application/json"}, Kind{"postscript", "application/postscript"},
    // Documents.
    Kind{"pdf", "application/pdf"}, Kind{"ole", "application/x-ole-storage"}, Kind{"ole", "application/CDFV2"},
    Kind{"doc", "application/msword"}, Kind{"xls", "application/vnd.ms-excel"},
    Kind{"ppt", "application/vnd.ms-powerpoint"}, Kind{"msg", "application/vnd.ms-outlook"},
    Kind{"office-encrypted", "application/x-ms-office-encrypted"}, Kind{"msi", "application/x-msi"},
    Kind{"visio", "application/vnd.visio"}, Kind{"publisher", "application/x-mspublisher"},
    Kind{"docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
    Kind{"docm", "application/vnd.ms-word.document.macroEnabled.12"},
    Kind{"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
    Kind{"xlsm", "application/vnd.ms-excel.sheet.macroEnabled.12"},
    Kind{"xlsb", "application/vnd.ms-excel.sheet.binary.macroEnabled.12"},
    Kind{"pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"},
    Kind{"pptm", "application/vnd.ms-powerpoint.presentation.macroEnabled.12"},
    Kind{"ooxml", "application/x-ooxml"}, Kind{"odf", "application/vnd.oasis.opendocument.text"},
    Kind{"odf", "application/vnd.oasis.opendocument.spreadsheet"},
    Kind{"odf", "application/vnd.oasis.opendocument.presentation"},
    Kind{"epub", "application/epub+zip"}, Kind{"onenote", "application/onenote"}, Kind{"wordml", "application/x-wordml"},
    Kind{"chm", "application/vnd.ms-htmlhelp"}, Kind{"djvu", "image/vnd.djvu"}, Kind{"slk", "application/x-sylk"},
    // Archives, filters, images of disks.
    Kind{"zip", "application/zip"}, Kind{"jar", "application/java-archive"},
    Kind{"apk", "application/vnd.android.package-archive"}, Kind{"msix", "application/msix"},
    Kind{"7z", "application/x-7z-compressed"}, Kind{"rar", "application/vnd.rar"}, Kind{"rar", "application/x-rar"},
    Kind{"tar", "application/x-tar"}, Kind{"cpio", "application/x-cpio"}, Kind{"ar", "application/x-archive"},
    Kind{"cab", "application/vnd.ms-cab-compressed"}, Kind{"iso", "application/x-iso9660-image"},
    Kind{"udf", "application/x-udf-image"}, Kind{"lha", "application/x-lzh-compressed"}, Kind{"arj", "application/x-arj"},
    Kind{"ace", "application/x-ace-compressed"}, Kind{"xar", "application/x-xar"}, Kind{"wim", "application/x-ms-wim"},
    Kind{"alz", "application/x-alz-compressed"}, Kind{"egg", "application/x-egg"}, Kind{"rpm", "application/x-rpm"},
    Kind{"gzip", "application/gzip"}, Kind{"bzip2", "application/x-bzip2"}, Kind{"xz", "application/x-xz"},
    Kind{"zstd", "application/zstd"}, Kind{"lzma", "application/x-lzma"}, Kind{"lz4", "application/x-lz4"},
    Kind{"lzip", "application/x-lzip"}, Kind{"lzop", "application/x-lzop"}, Kind{"compress", "application/x-compress"},
    Kind{"uuencode", "text/x-uuencode"}, Kind{"binhex", "application/mac-binhex40"}, Kind{"yenc", "text/x-yenc"},
    Kind{"szdd", "application/x-ms-compress-szdd"}, Kind{"installshield", "application/x-installshield"},
    Kind{"fat", "application/x-fat-image"}, Kind{"mbr", "application/x-mbr-image"}, Kind{"vhd", "application/x-vhd"},
    Kind{"vhdx", "application/x-vhdx"}, Kind{"vmdk", "application/x-vmdk"}, Kind{"qcow", "application/x-qcow"},
    Kind{"dmg", "application/x-apple-diskimage"}, Kind{"tnef", "application/vnd.ms-tnef"},
    Kind{"pst", "application/vnd.ms-outlook-pst"},
    // What runs.
    Kind{"pe", "application/vnd.microsoft.portable-executable"}, Kind{"mz", "application/x-dosexec"},
    Kind{"elf", "application/x-executable"}, Kind{"elf", "application/x-sharedlib"},
    Kind{"elf", "application/x-pie-executable"}, Kind{"elf", "application/x-object"},
    Kind{"macho", "application/x-mach-binary"}, Kind{"class", "application/java-vm"}, Kind{"class", "application/x-java-applet"},
    Kind{"dex", "application/vnd.android.dex"}, Kind{"wasm", "application/wasm"}, Kind{"lnk", "application/x-ms-shortcut"},
    Kind{"javascript", "text/javascript"}, Kind{"javascript", "application/javascript"}, Kind{"vbscript", "text/vbscript"},
    Kind{"encoded-script", "application/x-encoded-script"}, Kind{"powershell", "text/x-powershell"},
    Kind{"bat", "application/x-bat"}, Kind{"bat", "text/x-msdos-batch"}, Kind{"python", "text/x-python"},
    Kind{"python", "text/x-script.python"}, Kind{"shell", "text/x-shellscript"}, Kind{"perl", "text/x-perl"},
    Kind{"php", "text/x-php"}, Kind{"hta", "application/hta"}, Kind{"wsf", "application/x-windows-script-file"},
    Kind{"sct", "text/scriptlet"}, Kind{"url", "application/x-mswinurl"}, Kind{"scf", "application/x-ms-scf"},
    Kind{"inf", "application/x-setupscript"}, Kind{"reg", "text/x-ms-regedit"}, Kind{"rdp", "application/x-rdp"},
    Kind{"iqy", "text/x-ms-iqy"}, Kind{"library-ms", "application/windows-library+xml"},
    Kind{"search-ms", "application/windows-search-connector+xml"},
    Kind{"settingcontent", "application/x-ms-settingcontent"}, Kind{"appinstaller", "application/appinstaller"},
    Kind{"jnlp", "application/x-java-jnlp-file"}, Kind{"xdp", "application/vnd.adobe.xdp+xml"},
    Kind{"swf", "application/vnd.adobe.flash.movie"}, Kind{"swf", "application/x-shockwave-flash"},
    Kind{"crx", "application/x-chrome-extension"},
    // Pictures, sound, fonts, the rest.
    Kind{"png", "image/png"}, Kind{"jpeg", "image/jpeg"}, Kind{"gif", "image/gif"}, Kind{"bmp", "image/bmp"},
    Kind{"tiff", "image/tiff"}, Kind{"webp", "image/webp"}, Kind{"svg", "image/svg+xml"},
    Kind{"ico", "image/vnd.microsoft.icon"}, Kind{"psd", "image/vnd.adobe.photoshop"}, Kind{"emf", "image/emf"},
    Kind{"wmf", "image/wmf"}, Kind{"jp2", "image/jp2"}, Kind{"jxl", "image/jxl"}, Kind{"heif", "image/heif"},
    Kind{"heif", "image/heic"}, Kind{"avif", "image/avif"}, Kind{"dicom", "application/dicom"}, Kind{"mp3", "audio/mpeg"}, Kind{"wav", "audio/x-wav"},
    Kind{"ogg", "application/ogg"}, Kind{"ogg", "audio/ogg"}, Kind{"flac", "audio/flac"}, Kind{"midi", "audio/midi"}, Kind{"mp4", "video/mp4"},
    Kind{"mp4", "audio/x-m4a"}, Kind{"mp4", "video/quicktime"}, Kind{"avi", "video/x-msvideo"},
    Kind{"matroska", "video/x-matroska"}, Kind{"matroska", "video/webm"}, Kind{"asf", "video/x-ms-asf"},
    Kind{"mpeg", "video/mpeg"}, Kind{"flv", "video/x-flv"}, Kind{"ttf", "font/sfnt"}, Kind{"ttf", "font/ttf"},
    Kind{"otf", "font/otf"}, Kind{"woff", "font/woff"}, Kind{"woff", "font/woff2"},
    Kind{"sqlite", "application/vnd.sqlite3"}, Kind{"der", "application/x-x509-der"},
    Kind{"pkcs7", "application/pkcs7-mime"}, Kind{"pcap", "application/vnd.tcpdump.pcap"},
    Kind{"evtx", "application/x-ms-evtx"}, Kind{"regf", "application/x-ms-registry-hive"},
    Kind{"torrent", "application/x-bittorrent"}, Kind{"access", "application/x-msaccess"},
    Kind{"java-serialized", "application/x-java-serialized-object"}, Kind{"bplist", "application/x-bplist"},
};
// clang-format on

}  // namespace

std::string_view mime_of(std::string_view type) {
    const auto* kind =
        std::find_if(kKinds.begin(), kKinds.end(), [&](const Kind& k) { return k.type == type; });
    return kind == kKinds.end() ? kKinds.front().mime : kind->mime;
}

std::string_view type_of(std::string_view mime) {
    const auto* kind =
        std::find_if(kKinds.begin(), kKinds.end(), [&](const Kind& k) { return k.mime == mime; });
    return kind == kKinds.end() ? kData : kind->type;
}

}  // namespace postern::analyzers
