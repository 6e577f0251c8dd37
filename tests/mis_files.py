#!/usr/bin/python3
"""mis_files.py - a made-up town's rosters and registers in the shape in which schools' systems export them.

    mis_files.py --pupils N [--seed N] --out FOLDER

Written by the project, for its own tests and for trying the importers: no line of it comes from a school, and
nobody's system is promised to write exactly this. What each shape follows:

  sims     a CSV report, Windows-1252, CRLF; one row a pupil and session; two contacts in columns of their own
  arbor    a CSV report, UTF-8 with a byte order mark; one row a pupil and day, a column for each half
  bromcom  a CSV export; dates with a time behind them; one row a student and contact
  wonde    the JSON of its API as its published client libraries page through it: {"data": [...], "meta":
           {"pagination": {"next", "previous", "more", ...}}}; attendance names student and code by their ids
  ctf      a Common Transfer File (XML) of the DfE's specification: identity, contacts, a year's attendance totals

The same arguments give the same bytes.

SPDX-License-Identifier: Apache-2.0
"""
import argparse
import csv
import datetime
import json
import os
import random
from xml.sax.saxutils import escape

import school

PAGE = 50  # entries a page of JSON, as the API gives them
SEN = ("N", "K", "E")
SEN_SIMS = {"N": "No Special Educational Need", "K": "SEN Support", "E": "EHCP"}
SEN_ARBOR = {"N": "No SEN", "K": "SEN Support", "E": "EHC Plan"}
CODES = "/ \\ L K V P W B C C1 C2 M J1 S T R I E G N O U D Q X Y1 Y2 Y3 Y4 Y5 Y6 Y7 Z #".split()


class Child:
    """What every system holds of a pupil; each writes it in its own way."""

    def __init__(self, number, pupil, r):
        self.number, self.pupil = number, pupil
        self.surname = r.choice(school.SURNAMES + ["O'Neill", "Müller", "Smith-Jones"])
        self.forename = r.choice(school.FORENAMES + ["Zoë"])
        self.born = datetime.date(2021 - pupil.year_group, 9, 1) + school.ONE_DAY * r.randrange(365)
        self.form = "%d%s" % (pupil.year_group, "ABC"[pupil.class_no % 3])
        self.sen = r.choice(SEN)
        # (id, title, forename, surname, house number, street, town, postcode)
        self.contacts = [(number * 2 + k, r.choice(("Mrs", "Mr", "Dr")), r.choice(school.FORENAMES), self.surname,
                          str(r.randint(1, 180)), r.choice(("Mill Lane", "High Street")), "Testham", "TE5 %dAB" % r.randint(1, 9))
                         for k in range(r.randint(0, 2))]


def address(contact):
    return "%s %s, %s, %s" % contact[4:]


def english(day):
    return day.strftime("%d/%m/%Y")


def write_csv(path, header, rows, encoding="utf-8", newline="\n"):
    with open(path, "w", encoding=encoding, newline="") as file:
        out = csv.writer(file, lineterminator=newline)
        out.writerow(header)
        out.writerows(rows)


def sims(folder, children, marks):
    header = ("School URN,UPN,Legal Surname,Legal Forename,Date of birth,Year,Reg,SEN Status,First Language,Contact 1 Title,"
              "Contact 1 Forename,Contact 1 Surname,Contact 1 Address,Contact 2 Title,Contact 2 Forename,Contact 2 Surname,"
              "Contact 2 Address").split(",")
    rows = []
    for c in children:
        contacts = []
        for k in range(2):
            contacts += list(c.contacts[k][1:4]) + [address(c.contacts[k])] if k < len(c.contacts) else [""] * 4
        rows.append([c.pupil.urn, c.pupil.upn, c.surname, c.forename, english(c.born), "Year %d" % c.pupil.year_group, c.form,
                     SEN_SIMS[c.sen], "English"] + contacts)
    write_csv(os.path.join(folder, "sims-roster.csv"), header, rows, "cp1252", "\r\n")
    write_csv(os.path.join(folder, "sims-marks.csv"), "School URN,UPN,Reg,Mark Date,Session,Mark,Minutes Late,Comments".split(","),
              ([c.pupil.urn, c.pupil.upn, c.form, english(day), half, code, late or "", note or ""]
               for c, day, half, code, late, note in marks), "cp1252", "\r\n")


def arbor(folder, children, marks):
    rows = []
    for c in children:
        row = [c.pupil.urn, c.pupil.upn, c.surname, c.forename, english(c.born), "Year %d" % c.pupil.year_group, c.form,
               SEN_ARBOR[c.sen], "English"]
        for contact in c.contacts or [None]:
            rows.append(row + (["c%d" % contact[0], "%s %s %s" % contact[1:4], address(contact)] if contact else ["", "", ""]))
    write_csv(os.path.join(folder, "arbor-roster.csv"), "School URN,UPN,Legal last name,Legal first name,Date of birth,Year group,"
              "Registration form,SEN status,Native language,Guardian ID,Guardian name,Guardian address".split(","), rows, "utf-8-sig")
    days = {}
    for c, day, half, code, late, note in marks:
        days.setdefault((c.number, day), {})[half] = (code, late or "", note or "")
        days[c.number, day]["child"] = c
    write_csv(os.path.join(folder, "arbor-marks.csv"), "School URN,UPN,Date,AM Mark,AM Minutes Late,AM Note,PM Mark,PM Minutes Late,"
              "PM Note".split(","),
              ([halves["child"].pupil.urn, halves["child"].pupil.upn, english(day)] + list(halves.get("AM", ("-", "", ""))) +
               list(halves.get("PM", ("-", "", ""))) for (_, day), halves in days.items()), "utf-8-sig")


def bromcom(folder, children, marks):
    rows = []
    for c in children:
        row = [c.pupil.urn, c.pupil.upn, c.surname, c.forename, english(c.born) + " 00:00:00", c.pupil.year_group, c.form, c.sen, "English"]
        for contact in c.contacts or [None]:
            rows.append(row + ([contact[0]] + list(contact[1:4]) + [address(contact)] if contact else [""] * 5))
    write_csv(os.path.join(folder, "bromcom-roster.csv"), "SchoolURN,UPN,LegalLastName,LegalFirstName,DateOfBirth,YearGroup,TutorGroup,"
              "SENProvision,FirstLanguage,ContactID,ContactTitle,ContactFirstName,ContactLastName,ContactAddress".split(","), rows)
    write_csv(os.path.join(folder, "bromcom-marks.csv"), "SchoolURN,UPN,CalendarDate,SessionName,AttendanceCode,MinutesLate,"
              "AttendanceNote,CreatedBy".split(","),
              ([c.pupil.urn, c.pupil.upn, english(day) + " 00:00:00", half + " Reg", code, late or "", note or "", "Mrs Office"]
               for c, day, half, code, late, note in marks))


def pages(path, what, entries):
    """Page after page in one file, as a script that follows `next` leaves them."""
    entries = list(entries)
    count = max(1, (len(entries) + PAGE - 1) // PAGE)
    url = "https://api.wonde.com/v1.0/schools/A1/%s?page=%d"
    with open(path, "w", encoding="utf-8") as file:
        for page in range(count):
            more = page + 1 < count
            json.dump({"data": entries[page * PAGE:(page + 1) * PAGE],
                       "meta": {"pagination": {"next": url % (what, page + 2) if more else None,
                                               "previous": url % (what, page) if page else None, "more": more,
                                               "per_page": PAGE, "current_page": page + 1}, "includes": []}}, file)
            file.write("\n")


def date(day):
    return {"date": day.isoformat() + " 00:00:00.000000", "timezone_type": 3, "timezone": "Europe/London"}


def wonde(folder, children, marks):
    pages(os.path.join(folder, "wonde-schools.json"), "", (
        {"id": "A%d" % urn, "name": "School %d" % urn, "urn": urn, "establishment_number": str(urn)[-4:]}
        for urn in sorted({c.pupil.urn for c in children})))
    pages(os.path.join(folder, "wonde-codes.json"), "attendance-codes", (
        {"id": "AC%d" % n, "code": code, "type": "ATTEND"} for n, code in enumerate(CODES)))
    pages(os.path.join(folder, "wonde-students.json"), "students", ({
        "id": "AS%d" % c.number, "upi": "%032x" % c.number, "mis_id": str(c.number), "surname": c.surname, "forename": c.forename,
        "legal_surname": c.surname, "legal_forename": c.forename, "date_of_birth": date(c.born),
        "school": {"data": {"id": "A%d" % c.pupil.urn, "urn": c.pupil.urn}},
        "education_details": {"data": {"upn": c.pupil.upn, "current_nc_year": str(c.pupil.year_group)}},
        "extended_details": {"data": {"sen_status": c.sen, "first_language": "English"}},
        "year": {"data": {"code": str(c.pupil.year_group), "name": "Year %d" % c.pupil.year_group}},
        "groups": {"data": [{"name": c.form}]},
        "contacts": {"data": [{"id": "c%d" % k[0], "title": k[1], "forename": k[2], "surname": k[3], "contact_details": {"data": {
            "addresses": {"home": {"house_number": k[4], "street": k[5], "town": k[6], "postcode": k[7]}}}}} for k in c.contacts]},
    } for c in children))
    pages(os.path.join(folder, "wonde-attendance.json"), "attendance/session", ({
        "id": "AM%d" % n, "student": "AS%d" % c.number, "school": "A%d" % c.pupil.urn, "date": date(day), "session": half,
        "attendance_code": "AC%d" % CODES.index(code), "minutes_late": late, "comment": note,
    } for n, (c, day, half, code, late, note) in enumerate(marks)))


def ctf(folder, children):
    """One file a school, as its system writes them."""
    for urn in sorted({c.pupil.urn for c in children}):
        with open(os.path.join(folder, "ctf-%d.xml" % urn), "w", encoding="utf-8") as file:
            file.write('<?xml version="1.0" encoding="UTF-8"?>\n<CTfile>\n<Header><DocumentName>Common Transfer File</DocumentName>'
                       "<CTFversion>21.0</CTFversion><DateTime>2026-09-01T09:00:00</DateTime><DocumentQualifier>full</DocumentQualifier>"
                       "<SupplierID>Test</SupplierID><SourceSchool><LEA>356</LEA><Estab>%s</Estab><SchoolName>School %d</SchoolName>"
                       "<AcademicYear>2026</AcademicYear></SourceSchool></Header>\n<CTFpupilData>\n" % (str(urn)[-4:], urn))
            for c in children:
                if c.pupil.urn == urn:
                    file.write(ctf_pupil(c))
            file.write("</CTFpupilData>\n</CTfile>\n")


def ctf_pupil(c):
    contacts = "".join(
        "<Contact><Order>%d</Order><Title>%s</Title><Surname>%s</Surname><Forename>%s</Forename><Relationship>PAM</Relationship>"
        "<Responsibility>true</Responsibility><Address><PAON>%s</PAON><Street>%s</Street><Town>%s</Town><PostCode>%s</PostCode>"
        "</Address></Contact>" % ((k + 1, one[1], escape(one[3]), escape(one[2])) + one[4:]) for k, one in enumerate(c.contacts))
    return ("<Pupil><UPN>%s</UPN><Surname>%s</Surname><Forename>%s</Forename><DOB>%s</DOB><Gender>F</Gender><BasicDetails><NCyearActual>"
            "%d</NCyearActual><Languages><Type><LanguageType>F</LanguageType><Language>English</Language></Type></Languages></BasicDetails>"
            "<SENhistory><SEN><StartDate>2020-09-01</StartDate><SENprovision>%s</SENprovision></SEN></SENhistory>%s<Attendance><YearData>"
            "<Year>2026</Year><LEA>356</LEA><Estab>1001</Estab><SchoolName>Primary</SchoolName><SessionsPossible>380</SessionsPossible>"
            "<SessionsAttended>361</SessionsAttended><SessionsAuthorised>12</SessionsAuthorised><SessionsUnauthorised>7"
            "</SessionsUnauthorised></YearData></Attendance></Pupil>\n"
            % (c.pupil.upn, escape(c.surname), escape(c.forename), c.born.isoformat(), c.pupil.year_group, c.sen,
               "<Contacts>%s</Contacts>" % contacts if contacts else ""))


def write_all(town, folder, seed):
    """The children, and the marks as they were taken."""
    r = random.Random(seed)
    children = [Child(number + 1, pupil, r) for number, pupil in enumerate(town.pupils)]
    of = {c.pupil.upn: c for c in children}
    marks = []
    for slot in range(len(town.days) * 2):
        for one in town.classes:
            for pupil in one:
                code = pupil.codes[slot]
                marks.append((of[pupil.upn], town.days[slot // 2], "PM" if slot % 2 else "AM", code, r.randint(1, 40) if code == "L" else None,
                              "bus late, café – “no money”" if code == "L" and r.random() < 0.2 else None))
    os.makedirs(folder, exist_ok=True)
    for write in (sims, arbor, bromcom, wonde):
        write(folder, children, marks)
    ctf(folder, children)
    return children, marks


def main():
    parser = argparse.ArgumentParser(description="a made-up town in the shape of schools' systems")
    parser.add_argument("--pupils", type=int, default=60)
    parser.add_argument("--schools", type=int, default=2)
    parser.add_argument("--from", dest="first", type=datetime.date.fromisoformat, default=datetime.date(2026, 9, 1))
    parser.add_argument("--to", dest="last", type=datetime.date.fromisoformat, default=datetime.date(2026, 12, 18))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    town = school.make_town(args.pupils, args.schools, args.first, args.last, args.seed)
    _, marks = write_all(town, args.out, args.seed)
    print("%d pupils, %d marks in %s" % (len(town.pupils), len(marks), args.out))


if __name__ == "__main__":
    main()
