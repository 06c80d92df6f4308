// Files that come out of a mounted image do not bear the mark of the web.

rule Postern_Disk_Image_Shortcut_And_Library
{
    meta:
        description = "A disk image holds a shortcut beside a library or script for it to load."
        severity = "high"
        score = 8
        class = "malware"
        attack = "T1553.005 T1574.001"
        author = "Postern project"
        date = "2026-11-24"
    strings:
        // Directory records: names in ISO 9660 (upper case, version) and in Joliet.
        $link1 = /[A-Z0-9_]{1,30}\.LNK;1/
        $link2 = { 00 2e 00 (4c|6c) 00 (4e|6e) 00 (4b|6b) }
        $load1 = /[A-Z0-9_]{1,30}\.(DLL|CPL|BAT|CMD|JS|VBS|PS1|HTA|OCX);1/
        $load2 = { 00 2e 00 (44|64) 00 (4c|6c) 00 (4c|6c) }
        $load3 = { 00 2e 00 (4a|6a) 00 (53|73) 00 }
        $load4 = { 00 2e 00 (56|76) 00 (42|62) 00 (53|73) }
        $load5 = { 00 2e 00 (42|62) 00 (41|61) 00 (54|74) }
        $load6 = { 00 2e 00 (50|70) 00 (53|73) 00 31 }
    condition:
        filesize > 34816 and filesize < 100MB and
        (uint32be(0x8001) == 0x43443030 or uint32be(0x8801) == 0x43443030) and
        any of ($link*) and any of ($load*)
}
