// Documents that fetch their dangerous half from elsewhere.

rule Postern_Office_Remote_Template
{
    meta:
        description = "A document loads its template, frame or object from another machine when it is opened."
        severity = "high"
        score = 7
        class = "suspicious"
        attack = "T1221"
        author = "Postern project"
        date = "2026-11-24"
    strings:
        $relationships = "<Relationships" ascii
        $outside1 = /<Relationship [^>]{0,400}relationships\/(attachedTemplate|oleObject|frame|subDocument)"[^>]{0,400}TargetMode="External"/ nocase
        $outside2 = /<Relationship [^>]{0,400}TargetMode="External"[^>]{0,400}relationships\/(attachedTemplate|oleObject|frame|subDocument)"/ nocase
        $local = /Target="file:\/\/\/[A-Za-z]:/ nocase
    condition:
        $relationships and any of ($outside*) and not $local
}

rule Postern_Office_DDE_Command
{
    meta:
        description = "A document starts a program through a DDE field or formula."
        severity = "high"
        score = 8
        class = "malware"
        attack = "T1559.002"
        author = "Postern project"
        date = "2026-11-24"
    strings:
        $field = /<w:instrText[^>]{0,100}>\s{0,20}DDE(AUTO)?\s/ nocase
        $simple = /w:instr="\s{0,20}DDE(AUTO)?\s/ nocase
        $link = /<ddeLink [^>]{0,200}ddeService="(cmd|powershell|mshta|regsvr32|rundll32)/ nocase
        $csv = /(^|[\n,;"])[=+@-](cmd|powershell|mshta|regsvr32|rundll32|msexcel)(\.exe)?\|/ nocase
    condition:
        any of them
}
