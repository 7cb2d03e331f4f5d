"""The examples that /swagger shows: one patient on one morning. Tests hold them against the schemas and the API.

Keys are the names of the shapes (schemas.py): `Patient` is what is answered, `PatientCreate` the body of a POST,
`PatientReplace` of a PUT, `PatientChange` of a PATCH.
"""

from typing import Any, Final

_NURSE: Final = {"id": 4, "name": "Nadia Okafor"}
_LEAD: Final = {"id": 2, "name": "Lea Brandt"}
_RECORDED_AT: Final = "2026-06-10T12:04:30Z"

_NEWS2: Final = {
    "score": 9,
    "risk": "high",
    "parts": {
        "respiration": 3, "o2sat": 2, "supplemental_oxygen": 0, "bp_sys": 2, "pulse": 2, "consciousness": 0,
        "temperature": 0,
    },
    "complete": True,
    "missing": [],
    "lower_bound": None,
    "not_scored_because": None,
    "spo2_scale": 1,
}  # fmt: skip

_DUE_BECAUSE: Final = {
    "code": "pathway",
    "values": {
        "interval": 15, "since": "2026-06-10T12:00:00Z", "pathway": "news2", "score": 9, "risk": "high",
    },
}  # fmt: skip

_STAY: Final = {
    "id": 17, "hospital_number": "A-1042", "first_name": "Ada", "last_name": "Byron",
    "date_of_birth": "1950-12-10", "date_of_birth_precision": "day", "sex": "female", "pregnant": False,
    "ward": "7A", "bed": "3",
    "allergies": "Penicillin", "allergy_status": "known", "diagnosis": "Pneumonia",
    "admission_date": "2026-06-10T08:00:00Z", "dismissal_date": None, "pathway": "news2", "spo2_scale": 1,
    "fever_onset_at": None, "hematocrit_baseline": None, "monitoring_interval": None,
    "created_at": "2026-06-10T08:02:11Z", "updated_at": "2026-06-10T08:02:11Z", "version": 1,
}  # fmt: skip

_PATIENT: Final = {
    **_STAY,
    "last_report": {"id": 301, "datetime": "2026-06-10T12:00:00Z", "news2": _NEWS2},
    "last_scored": {
        "id": 301, "datetime": "2026-06-10T12:00:00Z", "score": 9, "risk": "high", "spo2_scale": 1,
    },
    "current_risk": "high",
    "next_due_at": "2026-06-10T12:15:00Z",
    "open_notifications": 1,
    "plan": None,
    "paused_until": None,
    "paused_by_nurse": False,
}  # fmt: skip

_OBSERVATIONS: Final = {
    "id": 301, "patient": 17, "datetime": "2026-06-10T12:00:00Z", "daytime": "D", "recorded_by": _NURSE,
    "temperature": 37.2, "pulse": 115, "respiration": 26, "bp_sys": 96, "bp_dia": 60, "o2sat": 93.0,
    "supplemental_oxygen": False, "oxygen_flow": None, "oxygen_device": "", "consciousness": "A",
    "pain_score": None, "blood_glucose": None, "capillary_refill": None, "fi_oral": 200.0,
    "fi_parenteral": None, "fi_other": None, "fo_urine": None, "fo_uf": None, "fo_emesis": None,
    "fo_drainage": None, "weight": None, "height": None, "abd_cir": None, "stools": None, "urine": None,
    "hematocrit": None, "platelet": None, "wbc": None, "status": "", "day_of_fever": None, "diet": "",
    "warning_signs": None, "additional": "", "medical_advice": "", "not_measured": {"weight": "unable"},
    "monitoring_interval": None, "news2": _NEWS2, "map": 72.0, "pulse_pressure": 36,
    "due_at": "2026-06-10T12:15:00Z", "due_because": _DUE_BECAUSE,
    "corrected_fields": [], "created_at": _RECORDED_AT, "updated_at": _RECORDED_AT, "version": 1,
}  # fmt: skip

_SET: Final = {
    "patient": 17, "datetime": "2026-06-10T12:00:00Z", "temperature": 37.2, "pulse": 115, "respiration": 26,
    "bp_sys": 96, "bp_dia": 60, "o2sat": 93, "supplemental_oxygen": False, "consciousness": "A",
    "fi_oral": 200, "not_measured": {"weight": "unable"},
}  # fmt: skip

_AMOUNTS: Final = {
    "fi_oral": 200.0, "fi_parenteral": None, "fi_other": None, "fo_urine": 150.0, "fo_uf": None,
    "fo_emesis": None, "fo_drainage": None,
}  # fmt: skip

_VERSION: Final = {
    "history_id": 512,
    "history_date": _RECORDED_AT,
    "history_type": "+",
    "history_user": _NURSE,
    "history_change_reason": "",
}

_PLAN: Final = {
    "steps": [{"every": 15, "for": 120}, {"every": 60, "for": None}],
    "call_at": {"score": 7, "respiration": {"below": 8, "above": 30}},
    "until": "2026-06-11T08:00:00Z",
    "reason": "Watch closely after the antibiotic was changed.",
}

_COUNTS: Final = {
    "volume": 12, "acknowledged": 10, "time_to_acknowledge": {"median": 95.0, "p90": 310.5}, "due": 9,
    "overdue": 2, "overdue_share": 0.2222,
}  # fmt: skip

_NOTIFICATION: Final = {
    "id": 61, "kind": "deterioration", "severity": "high", "patient": 17, "report": 301, "history": 512,
    "reasons": [
        {
            "rule": "risk_band",
            "message": "Risk rose from low to high: NEWS2 is 9.",
            "values": {
                "parameter": None, "level": 3, "risk": "high", "risk_before": "low", "total": 9,
                "complete": True,
            },
        }
    ],
    "status": "acknowledged", "created_at": _RECORDED_AT, "due_at": None, "acknowledged_by": _NURSE,
    "acknowledged_at": "2026-06-10T12:06:02Z", "escalated_at": None, "escalated_to": "", "escalations": [],
    "resolved_at": None, "resolved_because": "", "suppressed_count": 0,
}  # fmt: skip

EXAMPLES: Final[dict[str, Any]] = {
    "Patient": _PATIENT,
    "PatientCreate": {
        "hospital_number": "A-1042", "first_name": "Ada", "last_name": "Byron", "date_of_birth": "1950-12-10",
        "sex": "female", "ward": "7A", "bed": "3", "allergies": "Penicillin", "diagnosis": "Pneumonia",
    },
    "PatientReplace": {
        "hospital_number": "A-1042", "first_name": "Ada", "last_name": "Byron", "date_of_birth": "1950-12-10",
        "sex": "female", "ward": "7B", "bed": "11", "allergies": "Penicillin",
        "allergy_status": "known", "diagnosis": "Pneumonia",
        "version": 1,
    },
    "PatientChange": {"bed": "4", "version": 1},
    "SwapCreate": {"with": 18, "version": 1, "with_version": 4},
    "Swapped": {"results": [_PATIENT, {**_PATIENT, "id": 18, "bed": "4", "version": 5}]},
    "PatientVersion": {
        **_VERSION, "history_id": 88, "history_date": "2026-06-10T08:02:11Z", "history_user": _LEAD, **_STAY,
    },
    "Report": _OBSERVATIONS,
    "ReportCreate": _SET,
    "ReportReplace": {**_SET, "pulse": 105, "history_change_reason": "Typed the wrong pulse.", "version": 1},
    "ReportChange": {"pulse": 105, "history_change_reason": "Typed the wrong pulse.", "version": 1},
    "Preview": {
        "news2": _NEWS2,
        "map": 72.0,
        "pulse_pressure": 36,
        "due_at": "2026-06-10T12:15:00Z",
        "due_because": _DUE_BECAUSE,
        "response": {"key": "high", "text": "Emergency assessment by a team with critical-care competencies."},
        "unusual": {"temperature": ["Temperature 41.5 °C is outside the usual 34 to 41 °C."]},
    },
    "History": {**_VERSION, **_OBSERVATIONS, "amendments": 0},
    "HistoryReplace": {**_SET, "pulse": 105, "history_change_reason": "Typed the wrong pulse.", "version": 1},
    "HistoryChange": {"pulse": 105, "history_change_reason": "Typed the wrong pulse.", "version": 1},
    "Amendment": {
        "id": 3, "history_id": 512, "report": 301, "kind": "amended", "amended_at": "2026-06-10T13:00:00Z",
        "amended_by": _LEAD, "reason": "Typed the wrong pulse.",
        "before": {**_VERSION, **_OBSERVATIONS, "amendments": 0},
        "after": {
            **_VERSION, **_OBSERVATIONS, "pulse": 105, "history_change_reason": "Typed the wrong pulse.",
            "corrected_fields": ["pulse"], "version": 2, "amendments": 1,
        },
        "restored": None,
    },
    "Notification": _NOTIFICATION,
    "AcknowledgementCreate": {"ids": [61]},
    "Acknowledged": {"results": [_NOTIFICATION]},
    "Plan": {
        **_PLAN, "by": {"id": 7, "name": "Dara Quinn"}, "since": "2026-06-10T12:05:00Z", "suppressed_count": 0,
    },
    "PlanCreate": _PLAN,
    "Pause": {
        "id": 5, "since": "2026-06-10T12:05:00Z", "until": "2026-06-10T13:05:00Z", "reason": "In radiology.",
        "by": _NURSE, "by_nurse": True,
    },
    "PauseCreate": {"until": "2026-06-10T13:05:00Z", "reason": "In radiology."},
    "PauseChange": {"until": "2026-06-10T12:45:00Z"},
    "Import": {
        "patients": {"added": 2, "unchanged": 0, "rejected": 0},
        "reports": {"added": 5, "unchanged": 0, "rejected": 1},
        "rejects": [
            {
                "file": "reports", "line": 4, "field": "pulse",
                "reason": "Must be between 0 and 300 /min; 900 was given.",
            }
        ],
        "warnings": [
            {
                "file": "reports", "line": 6, "field": "weight",
                "reason": "Weight 154 kg, and 70 kg the last time: another unit? Check it, and confirm it if it is "
                "right.",
            }
        ],
    },
    "Statistics": {
        "since": "2026-06-03T12:00:00Z", "until": "2026-06-10T12:00:00Z", "ward": None, "total": _COUNTS,
        "by_ward": [{**_COUNTS, "ward": "7A"}], "by_hour": [{**_COUNTS, "hour": 9}],
        "by_severity": [{**_COUNTS, "severity": "medium"}],
        "by_kind": [{**_COUNTS, "kind": "observation_due"}],
        "by_escalated_to": [{**_COUNTS, "escalated_to": ""}],
    },
    "Fluids": {
        "since": "2026-06-10T06:00:00Z",
        "until": "2026-06-10T12:10:00Z",
        "shifts": [
            {
                "shift": "D", "since": "2026-06-10T06:00:00Z", "until": "2026-06-10T14:00:00Z",
                "intake": 200.0, "output": 150.0, "balance": 50.0, "amounts": _AMOUNTS,
            }
        ],
        "last_24_hours": {
            "shift": None, "since": "2026-06-09T12:10:00Z", "until": "2026-06-10T12:10:00Z",
            "intake": 200.0, "output": 150.0, "balance": 50.0, "amounts": _AMOUNTS,
        },
    },
    "Range": {
        "unit": "°C", "low": 13.0, "high": 45.0, "soft_low": 34.0, "soft_high": 41.0, "whole": False,
    },
    "Key": {"key": "3f0c5f7d9b1e4a2c8d6f0b3a5c7e9f1d2b4a6c8e0f1a3c5e7d9b2f4a6c8e0d1b"},
    "SignInCreate": {"username": "nurse", "password": "the pass phrase"},
    "Detail": {"detail": "Signed out."},
    "PasswordChangeCreate": {
        "old_password": "the pass phrase", "new_password1": "quite another phrase",
        "new_password2": "quite another phrase",
    },
    "User": {
        "pk": 4, "username": "nadia", "email": "", "first_name": "Nadia", "last_name": "Okafor",
        "role": "nurse", "permissions": ["events.view", "reports.create", "reports.view"],
    },
    "Device": {
        "id": 9, "device": "Mozilla/5.0 (X11; Linux x86_64)", "address": "192.0.2.7",
        "created_at": "2026-06-10T05:58:12Z", "last_used_at": _RECORDED_AT,
        "expires_at": "2026-06-17T05:58:12Z", "is_current": True,
    },
}  # fmt: skip
