rule Postern_Shortcut_To_Network_Share
{
    meta:
        description = "A file makes Windows log on to a foreign machine by itself."
        severity = "high"
        score = 7
        class = "suspicious"
        attack = "T1187"
        author = "Postern project"
        date = "2026-11-24"
    strings:
        $url = /^\s{0,8}\[InternetShortcut/ nocase
        $scf = /^\s{0,8}\[Shell\]/ nocase
        $library = "<libraryDescription" ascii nocase
        $search = "<searchConnectorDescription" ascii nocase
        $unc = /\n\s{0,4}(URL|IconFile|WorkingDirectory)\s{0,4}=\s{0,4}(file:)?[\\\/]{2,5}[A-Za-z0-9.@-]{3,100}[\\\/]/ nocase
        $dav = /<url>\s{0,8}(\\\\|file:\/\/|https?:\/\/|[^<]{0,20}@SSL)/ nocase
    condition:
        filesize < 64KB and
        ((($url at 0 or $scf at 0) and $unc) or (($library or $search) and $dav))
}
