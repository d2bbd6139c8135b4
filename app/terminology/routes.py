"""Routes of this slice."""

from fastapi import APIRouter

router = APIRouter()
